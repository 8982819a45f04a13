"""A score as a plain document, and back, to the last bit."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np

from karez.engines.score.errors import ModelMalformedError
from karez.engines.score.model import Block, Draws, Dropped, Model, Notes, Proof, Trees
from karez.engines.score.recipe import Feature, Recipe, Scale

FORMAT = "karez-score-1"


def to_document(model: Model) -> dict[str, Any]:
    """Return the model as what JSON can hold."""
    recipe = attrs.asdict(model.recipe)
    return {
        "format": FORMAT,
        "recipe": recipe
        | {
            "features": list(recipe["features"]),
            "pairs": "screened"
            if recipe["pairs"] == "screened"
            else [list(pair) for pair in recipe["pairs"]],
        },
        "intercept": model.intercept,
        "intercept_sd": model.intercept_sd,
        "intercept_draws": _packed(model.intercept_draws),
        "blocks": [_block_document(block) for block in model.blocks],
        "notes": attrs.asdict(model.notes) | {"fallbacks": list(model.notes.fallbacks)},
        "dropped": [attrs.asdict(dropped) for dropped in model.dropped],
        "trees": None if model.trees is None else _trees_document(model.trees),
        "proof": None if model.proof is None else attrs.asdict(model.proof),
    }


def from_document(document: Mapping[str, Any]) -> Model:
    """Return the model that a document holds.

    Raises: ModelMalformedError, and the errors of a recipe.
    """
    if document.get("format") != FORMAT:
        raise ModelMalformedError(
            reason=f"its format is {document.get('format')!r}, not {FORMAT!r}"
        )
    try:
        recipe, notes = dict(document["recipe"]), dict(document["notes"])
        pairs: Any = recipe["pairs"]
        recipe["pairs"] = pairs if pairs == "screened" else tuple((a, b) for a, b in pairs)
        recipe["features"] = [Feature(**feature) for feature in recipe["features"]]
        recipe["scale"] = Scale(**recipe["scale"])
        notes["fallbacks"] = tuple(notes["fallbacks"])
        blocks = tuple(_block(block) for block in document["blocks"])
        trees, proof = document.get("trees"), document.get("proof")
        return Model(
            recipe=Recipe(**recipe),
            blocks=blocks,
            intercept=float(document["intercept"]),
            intercept_sd=float(document["intercept_sd"]),
            intercept_draws=_unpacked(document["intercept_draws"]),
            notes=Notes(**notes),
            dropped=tuple(Dropped(**dropped) for dropped in document["dropped"]),
            trees=_trees(trees, {block.name: block for block in blocks}) if trees else None,
            proof=Proof(**proof) if proof else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelMalformedError(reason=f"{type(error).__name__}: {error}") from error


def _block_document(block: Block) -> dict[str, Any]:
    return {
        "features": list(block.features),
        "kind": block.kind,
        "edges": block.edges.tolist(),
        "labels": list(block.labels),
        "coarse": block.coarse.tolist(),
        "cells": block.cells.tolist(),
        "effect": block.effect.tolist(),
        "sd": block.sd.tolist(),
        "good": block.good.tolist(),
        "bad": block.bad.tolist(),
        "spread": block.spread,
        "draws": _packed(block.draws),
    }


def _block(document: Mapping[str, Any]) -> Block:
    floats: Callable[[str], Any] = lambda name: np.array(document[name], np.float64)  # noqa: E731
    effect = floats("effect")
    return Block(
        features=tuple(document["features"]),
        kind=document["kind"],
        edges=floats("edges"),
        labels=tuple(document["labels"]),
        coarse=np.array(document["coarse"], np.int32),
        cells=np.array(document["cells"], np.int32).reshape(-1, 2),
        effect=effect,
        sd=floats("sd"),
        good=floats("good"),
        bad=floats("bad"),
        spread=float(document["spread"]),
        draws=_unpacked(document["draws"]).reshape(len(effect), -1),
    )


def _trees_document(trees: Trees) -> dict[str, Any]:
    return {
        "features": list(trees.features),
        "order": [places.tolist() for places in trees.order],
        "asked": trees.asked.tolist(),
        "above": trees.above.tolist(),
        "nodes": trees.nodes.tolist(),
        "least": trees.least,
        "most": trees.most,
        "spread": trees.spread,
    }


def _trees(document: Mapping[str, Any], blocks: Mapping[str, Block]) -> Trees:
    ints: Callable[[Any], Any] = lambda values: np.array(values, np.int32)  # noqa: E731
    features, asked = tuple(document["features"]), ints(document["asked"])
    order, nodes = tuple(map(ints, document["order"])), np.array(document["nodes"], np.float64)
    groups, trees, depth = asked.shape
    if (  # loops over trees look nothing up twice
        nodes.shape != (groups, trees, 2 ** (depth + 1) - 1)
        or not ((asked >= 0) & (asked < len(features))).all()
        or any(
            len(places) != len(blocks[name].effect)
            for name, places in zip(features, order, strict=True)
        )
    ):
        raise ValueError("trees that do not fit their features")
    above = ints(document["above"]).reshape(asked.shape)
    reach = (float(document[name]) for name in ("least", "most", "spread"))
    return Trees(features, order, asked, above, nodes, *reach)


def _packed(draws: Draws) -> str:
    """Draws as base64 of one signed byte each, level after level."""
    return base64.b64encode(draws.tobytes()).decode("ascii")


def _unpacked(text: str) -> Draws:
    return np.frombuffer(base64.b64decode(text, validate=True), np.int8).copy()
