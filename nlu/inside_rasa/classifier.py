"""The intent classifier as a Rasa component.

Rasa builds its graph from the parameter names and annotations of `train` and `process`: they are part of the interface
and may not be renamed.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.inside_rasa.consent import guarded
from nlu.inside_rasa.contrast import wanted
from nlu.inside_rasa.intent_model import IntentModel, Shape
from nlu.inside_rasa.normalise import dictionaries, normalise

INTENT_RANKING_KEY = "intent_ranking"
# Every event of a session travels to the action server with each action, so a ranking keeps what buttons can offer.
RANKED = 5
NEGLIGIBLE = 0.005
# How much likelier a plain answer is while a flow waits for one; what the flow could read itself never gets here.
EXPECTED_ODDS = 2.0
ANSWER = "provide_value"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ChineseIntentClassifier(GraphComponent):
    """Classifies a message by `IntentModel`, within the bounds of `consent`."""

    def __init__(
        self,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: Optional[IntentModel] = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        dictionaries()  # read now, so that the first message does not wait for it

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """The model's `Shape`, as found best on held-out folds."""
        return asdict(Shape(characters=2, syllables=2, sound=0.6, together=0.6, penalty=1.0))

    @staticmethod
    def supported_languages() -> Optional[List[Text]]:
        """Chinese only."""
        return ["zh"]

    @classmethod
    def fingerprint_addon(cls, config: Dict[str, Any]) -> Optional[str]:
        """The text of this folder: Rasa's training cache would otherwise see changes of this class alone."""
        digest = hashlib.sha256()
        for path in sorted(Path(__file__).parent.iterdir()):
            if path.suffix in (".py", ".yml"):
                digest.update(path.read_bytes())
        return digest.hexdigest()

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ChineseIntentClassifier:
        """A component that is not trained yet."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ChineseIntentClassifier:
        """The component as `train` left it."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, IntentModel.load(Path(folder)))

    def train(self, training_data: TrainingData) -> Resource:
        """Train on the examples, each spelling counted once per intent, and store the model."""
        examples = sorted(
            {(wanted(normalise(e.get(TEXT))), e.get(INTENT)) for e in training_data.intent_examples if e.get(TEXT)}
        )
        self._model = IntentModel.fit(
            [text for text, _ in examples],
            [intent for _, intent in examples],
            Shape(**{field.name: self._config[field.name] for field in fields(Shape)}),
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(Path(folder))
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Set `intent` and `intent_ranking` (best first) of each message."""
        if self._model is None:
            raise RuntimeError("the intent classifier was not trained")
        for message in messages:
            metadata = message.get("metadata") or {}
            probabilities = classify(self._model, message.get(TEXT) or "", metadata.get("expects"))
            best = sorted(probabilities.items(), key=lambda item: item[1], reverse=True)[:RANKED]
            ranking = [{INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: p} for name, p in best if p >= NEGLIGIBLE]
            ranking = ranking or [{INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages


def classify(model: IntentModel, text: str, expects: Optional[str] = None) -> Dict[str, float]:
    """The probability of every intent for `text`.

    Args:
        model: a trained model.
        text: as typed, masked.
        expects: what the flow waits for, if it waits for an answer.

    Returns:
        probabilities that add up to one; all nought if nothing in `text` is known to the model.
    """
    whole = normalise(text)
    part = wanted(whole)
    if not model.knows(part):
        return dict.fromkeys(model.intents, 0.0)
    probabilities = model.probabilities(part)
    if expects and ANSWER in probabilities:
        probabilities[ANSWER] *= EXPECTED_ODDS
        total = sum(probabilities.values())
        probabilities = {intent: probability / total for intent, probability in probabilities.items()}
    return guarded(whole, probabilities)
