"""A linear intent model over characters and pinyin, small enough to read in one sitting.

TF-IDF of character and toneless-pinyin n-grams, a one-against-rest linear SVM, and a softmax whose temperature is
fitted on held-out folds, so that a confidence of 0.7 is right about seven times in ten on text of the same kind.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import numpy as np

from nlu.inside_rasa.normalise import syllables

FOLDS = 5
# Past this many characters a message says nothing new about its wish, and the cost grows with the length.
READ_CHARACTERS = 300

_MODEL = "model.npz"
_NAMES = "names.json"


def grams(text: str, characters: int, pinyin: int) -> Tuple[List[str], List[str]]:
    """The n-grams of a normalised text: of characters (with the text's two ends marked) and of syllables."""
    text = text[:READ_CHARACTERS]
    marked = f"^{text}$"
    spoken = syllables(text)
    return (
        [marked[i : i + n] for n in range(1, characters + 1) for i in range(len(marked) - n + 1)],
        [" ".join(["", *spoken[i : i + n]]) for n in range(1, pinyin + 1) for i in range(len(spoken) - n + 1)],
    )


class IntentModel:
    """Weights and vocabulary of a trained model; see `fit`, `probabilities`, `save` and `load`."""

    def __init__(
        self,
        intents: List[str],
        vocabulary: List[str],
        rarity: np.ndarray,
        weights: np.ndarray,
        bias: np.ndarray,
        temperature: float,
        characters: int,
        pinyin: int,
    ) -> None:
        self.intents = intents
        self.temperature = temperature
        self._vocabulary = vocabulary
        self._position = {gram: position for position, gram in enumerate(vocabulary)}
        self._rarity = rarity
        self._weights = weights
        self._bias = bias
        self._characters = characters
        self._pinyin = pinyin

    @classmethod
    def fit(
        cls, texts: Sequence[str], labels: Sequence[str], *, characters: int, pinyin: int, penalty: float
    ) -> "IntentModel":
        """Train on normalised `texts`.

        Args:
            texts: normalised examples.
            labels: the intent of each example.
            characters: longest character n-gram.
            pinyin: longest syllable n-gram.
            penalty: the SVM's C.

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
            part = cls._fit_once([texts[i] for i in train], truth[train], names, characters, pinyin, penalty)
            held_out[test] = [part._scores(texts[i]) for i in test]
        model = cls._fit_once(texts, truth, names, characters, pinyin, penalty)
        model.temperature = _fit_temperature(held_out, truth)
        return model

    @classmethod
    def _fit_once(
        cls, texts: Sequence[str], truth: np.ndarray, names: List[str], characters: int, pinyin: int, penalty: float
    ) -> "IntentModel":
        from scipy.sparse import csr_matrix
        from sklearn.svm import LinearSVC

        documents: Counter[str] = Counter()
        for text in texts:
            for block in grams(text, characters, pinyin):
                documents.update(set(block))
        vocabulary = sorted(documents)
        rarity = np.log((1 + len(texts)) / (1 + np.array([documents[gram] for gram in vocabulary]))) + 1
        blank = np.zeros((0, 0), dtype=np.float32)
        model = cls(names, vocabulary, rarity.astype(np.float32), blank, blank, 1.0, characters, pinyin)
        rows = [model._vector(text) for text in texts]
        matrix = csr_matrix(
            (
                np.concatenate([values for _, values in rows]),
                np.concatenate([positions for positions, _ in rows]),
                np.cumsum([0] + [len(positions) for positions, _ in rows]),
            ),
            shape=(len(texts), len(vocabulary)),
        )
        svm = LinearSVC(C=penalty, random_state=0).fit(matrix, truth)
        weights, bias = svm.coef_, svm.intercept_
        if len(names) == 2:  # scikit-learn keeps one row for two classes
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        model._weights = np.ascontiguousarray(weights.T, dtype=np.float32)
        model._bias = bias.astype(np.float32)
        return model

    def _vector(self, text: str) -> Tuple[np.ndarray, np.ndarray]:
        """Positions and TF-IDF values of the known n-grams of `text`; each block has length one."""
        positions: List[int] = []
        values: List[np.ndarray] = []
        for block in grams(text, self._characters, self._pinyin):
            counts = Counter(self._position[gram] for gram in block if gram in self._position)
            if counts:
                found = list(counts)
                value = (1 + np.log(np.fromiter(counts.values(), dtype=np.float32))) * self._rarity[found]
                positions += found
                values.append(value / np.linalg.norm(value))
        return np.array(positions, dtype=np.int32), np.concatenate(values) if values else np.zeros(0, np.float32)

    def _scores(self, text: str) -> np.ndarray:
        positions, values = self._vector(text)
        return values @ self._weights[positions] + self._bias

    def probabilities(self, text: str) -> Dict[str, float]:
        """The calibrated probability of every intent for a normalised text; they add up to one."""
        return dict(zip(self.intents, (float(p) for p in _softmax(self._scores(text) / self.temperature))))

    def knows(self, text: str) -> bool:
        """Whether any character of `text` was ever seen in training."""
        return any(char in self._position for char in text)

    def save(self, folder: Path) -> None:
        """Write the model as arrays and JSON: nothing in it is code when it is read back."""
        np.savez_compressed(folder / _MODEL, rarity=self._rarity, weights=self._weights, bias=self._bias)
        names = {
            "intents": self.intents,
            "vocabulary": self._vocabulary,
            "temperature": self.temperature,
            "characters": self._characters,
            "pinyin": self._pinyin,
        }
        (folder / _NAMES).write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "IntentModel":
        """Read what `save` wrote."""
        names = json.loads((folder / _NAMES).read_text(encoding="utf-8"))
        with np.load(folder / _MODEL, allow_pickle=False) as arrays:
            return cls(rarity=arrays["rarity"], weights=arrays["weights"], bias=arrays["bias"], **names)


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _fit_temperature(scores: np.ndarray, truth: np.ndarray) -> float:
    """The divisor of the scores that makes the held-out labels most likely."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        chosen = _softmax(scores / np.exp(log_temperature))[np.arange(len(truth)), truth]
        return float(-np.log(np.maximum(chosen, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-5.0, 3.0), method="bounded").x))
