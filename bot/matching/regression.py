"""Two small regressions in plain Python: which of several is right, and how likely something is. Used for fitting only."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.matching.model import logistic

Row = Sequence[float]


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """x with matrix · x = right, by Gauss with pivots; the arguments are used up."""
    size = len(right)
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(matrix[row][column]))
        matrix[column], matrix[pivot] = matrix[pivot], matrix[column]
        right[column], right[pivot] = right[pivot], right[column]
        for row in range(column + 1, size):
            factor = matrix[row][column] / matrix[column][column]
            if factor:
                for k in range(column, size):
                    matrix[row][k] -= factor * matrix[column][k]
                right[row] -= factor * right[column]
    found = [0.0] * size
    for row in range(size - 1, -1, -1):
        rest = sum(matrix[row][k] * found[k] for k in range(row + 1, size))
        found[row] = (right[row] - rest) / matrix[row][row]
    return found


def fit_binary(
    rows: Sequence[Row], labels: Sequence[bool], weights: Sequence[float], ridge: float, rounds: int = 12
) -> list[float]:
    """Logistic regression by Newton's method; ``ridge`` keeps the coefficients small."""
    size = len(rows[0])
    beta = [0.0] * size
    for _ in range(rounds):
        gradient = [-ridge * value for value in beta]
        hessian = [[ridge if i == j else 0.0 for j in range(size)] for i in range(size)]
        for row, label, weight in zip(rows, labels, weights, strict=True):
            chance = logistic(sum(map(float.__mul__, beta, row)))
            _add(gradient, hessian, row, weight * (label - chance), weight * max(chance * (1 - chance), 1e-4))
        beta = _stepped(beta, hessian, gradient)
    return beta


def fit_choice(choices: Sequence[tuple[Sequence[Row], int, float]], ridge: float, rounds: int = 12) -> list[float]:
    """Conditional logit: each choice is its candidates' rows, the index of the right one, and a weight."""
    size = len(choices[0][0][0])
    beta = [0.0] * size
    for _ in range(rounds):
        gradient = [-ridge * value for value in beta]
        hessian = [[ridge if i == j else 0.0 for j in range(size)] for i in range(size)]
        for rows, right, weight in choices:
            scores = [sum(map(float.__mul__, beta, row)) for row in rows]
            top = max(scores)
            odds = [math.exp(score - top) for score in scores]
            total = sum(odds)
            mean = [sum(odd / total * row[k] for odd, row in zip(odds, rows, strict=True)) for k in range(size)]
            for n, (odd, row) in enumerate(zip(odds, rows, strict=True)):
                apart = [value - middle for value, middle in zip(row, mean, strict=True)]
                _add(gradient, hessian, apart, weight * ((n == right) - odd / total), weight * odd / total)
        beta = _stepped(beta, hessian, gradient)
    return beta


def _add(gradient: list[float], hessian: list[list[float]], row: Row, slope: float, curve: float) -> None:
    for i, value in enumerate(row):
        if value:
            gradient[i] += slope * value
            line, scaled = hessian[i], curve * value
            for j in range(len(row)):
                line[j] += scaled * row[j]


def _stepped(beta: list[float], hessian: list[list[float]], gradient: list[float]) -> list[float]:
    """One Newton step, cut where it would jump."""
    step = solve(hessian, gradient)
    longest = max(1.0, max(map(abs, step)) / 4)
    return [value + change / longest for value, change in zip(beta, step, strict=True)]
