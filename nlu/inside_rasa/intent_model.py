"""A linear intent model over characters and pinyin, small enough to read in one sitting.

TF-IDF of character n-grams, of toneless-pinyin n-grams (for what voice input mishears) and of characters that occur
together anywhere (for free word order); a one-against-rest linear SVM; and a softmax fitted on held-out folds, so that
a confidence of 0.7 is right about seven times in ten on text of the same kind.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Tuple

import numpy as np

from nlu.inside_rasa.normalise import syllables

FOLDS = 5
# Past this many characters a message says nothing new about its wish, and the cost grows with the length.
READ_CHARACTERS = 300
PAIRED_CHARACTERS = 60
# A pair seen in one example only is chance.
PAIR_EXAMPLES = 2

_MODEL = "model.npz"
_NAMES = "names.json"
_PAIR = "\x01"


@dataclass(frozen=True)
class Shape:
    """What a model looks at.

    Args:
        characters: longest character n-gram.
        syllables: longest n-gram of syllables.
        sound: weight of the syllables beside that of the characters, which is one.
        together: weight of pairs of characters anywhere in the message.
        penalty: the SVM's C.
    """

    characters: int
    syllables: int
    sound: float
    together: float
    penalty: float


def grams(text: str, shape: Shape) -> List[Tuple[float, List[str]]]:
    """The features of a normalised text in blocks, each with its weight."""
    marked = f"^{text[:READ_CHARACTERS]}$"
    spoken = [f" {syllable}" for syllable in syllables(marked)]
    together = combinations(sorted(set(text[:PAIRED_CHARACTERS])), 2)
    return [
        (1.0, ["".join(run) for run in _runs(marked, shape.characters)]),
        (shape.sound, ["".join(run) for run in _runs(spoken, shape.syllables)]),
        (shape.together, [_PAIR + one + other for one, other in together]),
    ]


def _runs(units: Sequence[str], longest: int) -> Iterator[Sequence[str]]:
    return (units[i : i + n] for n in range(1, longest + 1) for i in range(len(units) - n + 1))


class IntentModel:
    """Weights and vocabulary of a trained model; see `fit`, `probabilities`, `save` and `load`."""

    def __init__(
        self,
        intents: List[str],
        vocabulary: List[str],
        rarity: np.ndarray,
        weights: np.ndarray,
        bias: np.ndarray,
        shape: Shape,
        temperature: float = 1.0,
        doubt: float = 0.0,
    ) -> None:
        self.intents = intents
        self.shape = shape
        self.temperature = temperature
        self.doubt = doubt
        self._vocabulary = vocabulary
        self._position = {gram: position for position, gram in enumerate(vocabulary)}
        self._rarity = rarity
        self._weights = weights
        self._bias = bias

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], shape: Shape) -> "IntentModel":
        """Train on normalised `texts` and the intent of each.

        Raises:
            ValueError: fewer than two intents, or an intent with too few examples to hold any out.
        """
        from sklearn.model_selection import StratifiedKFold

        rare = sorted(label for label, count in Counter(labels).items() if count < FOLDS)
        if rare or len(set(labels)) < 2:
            raise ValueError(f"at least two intents with {FOLDS} different examples each are needed; too few: {rare}")
        # Held-out folds make the scores of the temperature honest: those of the training lines are far too sure.
        names = sorted(set(labels))
        truth = np.array([names.index(label) for label in labels])
        held_out = np.zeros((len(texts), len(names)), dtype=np.float64)
        for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(texts, truth):
            part = cls._fit_once([texts[i] for i in train], truth[train], names, shape)
            held_out[test] = [part._scores(texts[i]) for i in test]
        model = cls._fit_once(texts, truth, names, shape)
        model.temperature, model.doubt = _calibrate(held_out, truth)
        return model

    @classmethod
    def _fit_once(cls, texts: Sequence[str], truth: np.ndarray, names: List[str], shape: Shape) -> "IntentModel":
        from scipy.sparse import csr_matrix
        from sklearn.svm import LinearSVC

        documents: Counter[str] = Counter()
        for text in texts:
            for _, block in grams(text, shape):
                documents.update(set(block))
        vocabulary = sorted(
            gram for gram, count in documents.items() if count >= PAIR_EXAMPLES or not gram.startswith(_PAIR)
        )
        rarity = np.log((1 + len(texts)) / (1 + np.array([documents[gram] for gram in vocabulary]))) + 1
        blank = np.zeros((0, 0), dtype=np.float32)
        model = cls(names, vocabulary, rarity.astype(np.float32), blank, blank, shape)
        rows = [model._vector(text) for text in texts]
        matrix = csr_matrix(
            (
                np.concatenate([values for _, values in rows]),
                np.concatenate([positions for positions, _ in rows]),
                np.cumsum([0] + [len(positions) for positions, _ in rows]),
            ),
            shape=(len(texts), len(vocabulary)),
        )
        svm = LinearSVC(C=shape.penalty, random_state=0).fit(matrix, truth)
        weights, bias = svm.coef_, svm.intercept_
        if len(names) == 2:  # scikit-learn keeps one row for two classes
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        model._weights = np.ascontiguousarray(weights.T, dtype=np.float32)
        model._bias = bias.astype(np.float32)
        return model

    def _vector(self, text: str) -> Tuple[np.ndarray, np.ndarray]:
        """Positions and TF-IDF values of what is known of `text`; each block is as long as its weight."""
        positions: List[int] = []
        values: List[np.ndarray] = []
        for weight, block in grams(text, self.shape):
            counts = Counter(self._position[gram] for gram in block if gram in self._position)
            if counts:
                found = list(counts)
                value = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * self._rarity[found]
                positions += found
                values.append(weight * value / np.linalg.norm(value))
        return np.array(positions, dtype=np.int32), np.concatenate(values) if values else np.zeros(0, np.float32)

    def _scores(self, text: str) -> np.ndarray:
        positions, values = self._vector(text)
        return values @ self._weights[positions] + self._bias

    def probabilities(self, text: str) -> Dict[str, float]:
        """The calibrated probability of every intent for a normalised text; they add up to one."""
        shares = _confidence(self._scores(text), self.temperature, self.doubt)
        return dict(zip(self.intents, shares.tolist(), strict=True))

    def knows(self, text: str) -> bool:
        """Whether any character of `text` was ever seen in training."""
        return any(char in self._position for char in text)

    def save(self, folder: Path) -> None:
        """Write the model as arrays and JSON: nothing in it is code when it is read back."""
        np.savez_compressed(folder / _MODEL, rarity=self._rarity, weights=self._weights, bias=self._bias)
        names = {
            "intents": self.intents,
            "vocabulary": self._vocabulary,
            "shape": asdict(self.shape),
            "temperature": self.temperature,
            "doubt": self.doubt,
        }
        (folder / _NAMES).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "IntentModel":
        """Read what `save` wrote."""
        names = json.loads((folder / _NAMES).read_text(encoding="utf-8"))
        names["shape"] = Shape(**names["shape"])
        with np.load(folder / _MODEL, allow_pickle=False) as arrays:
            return cls(rarity=arrays["rarity"], weights=arrays["weights"], bias=arrays["bias"], **names)


def _confidence(scores: np.ndarray, temperature: float, doubt: float) -> np.ndarray:
    """A softmax at `temperature`, with a share of `doubt` spread over all intents."""
    scores = scores / temperature
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: np.ndarray = raised / raised.sum(axis=-1, keepdims=True)
    return (1 - doubt) * shares + doubt / scores.shape[-1]


def _calibrate(scores: np.ndarray, truth: np.ndarray) -> Tuple[float, float]:
    """The temperature and doubt under which the held-out labels are most likely.

    Doubt stands for what no score shows: a message that means something else than its words say.
    """
    from scipy.optimize import minimize

    def settings(free: np.ndarray) -> Tuple[float, float]:
        return float(np.exp(free[0])), float(0.5 / (1 + np.exp(-free[1])))

    def loss(free: np.ndarray) -> float:
        chosen = _confidence(scores, *settings(free))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    return settings(minimize(loss, np.array([np.log(0.2), -2.0]), method="Nelder-Mead").x)
