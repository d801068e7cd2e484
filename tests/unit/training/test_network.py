"""Trunks, pooling, objectives, schedules, averages."""

import math
from dataclasses import replace

import pytest

from . import needs  # noqa: F401  # isort: skip
import torch
from torch.nn import functional

from engine.training.averaging import Average
from engine.training.network import SpeakerNet, parameters
from engine.training.objectives import MarginSoftmax, Views, contrast
from engine.training.recipe import RECIPES, Recipe, RecipeError, recipe
from engine.training.schedule import setting, spent_share
from engine.training.trunks import TRUNKS

SMALL = replace(RECIPES["tiny"], mel_bins=32, width=16)


@pytest.mark.parametrize("name", TRUNKS)
def test_every_trunk_embeds_any_length_and_learns_everywhere(name: str) -> None:
    """Unit vectors of any number of frames; a gradient reaches every weight."""
    torch.manual_seed(1)
    network = SpeakerNet(replace(SMALL, trunk=name, width=32))
    assert network(torch.randn(3, 32, 40)).shape == (3, SMALL.dim)
    vectors = network(torch.randn(3, 32, 101))
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))
    (vectors * torch.randn_like(vectors)).sum().backward()
    unused = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert not [n for n in unused if "weights" not in n or name != "redimnet"]


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith(("gpu", "cores"))])
def test_what_ships_fits_into_12_megabytes(name: str) -> None:
    """Two bytes a weight, and some for the graph."""
    assert 2 * parameters(SpeakerNet(RECIPES[name])) < 11.5e6


def test_an_unfit_recipe_is_refused() -> None:
    """Unknown names, unfit sizes and values, each by name."""
    for changes in ({"colour": "red"}, {"rate": "fast"}, {"voices": "many"}, {"chances.rain": "1"}):
        with pytest.raises(RecipeError, match="|".join(["colour", "fast", "many", "rain"])):
            recipe("tiny", changes)
    with pytest.raises(RecipeError, match="no recipe 'huge'"):
        recipe("huge")
    with pytest.raises(RecipeError, match="no trunk 'bush'"):
        SpeakerNet(Recipe(trunk="bush"))
    with pytest.raises(RecipeError, match="multiple of 16"):
        SpeakerNet(Recipe(trunk="resnet", mel_bins=50))


def test_a_recipe_is_changed_by_text() -> None:
    """Numbers, tuples, voices, single chances and all of them."""
    changed = recipe(
        "tiny", {"rate": "0.5", "crops_s": "1,2", "voices": "speeds", "chances.room": "0"}
    )
    assert (changed.rate, changed.crops_s, len(changed.voices)) == (0.5, (1.0, 2.0), 3)
    assert changed.chances.room == 0.0
    assert recipe("tiny", {"chances": "0.5"}).chances.band == 0.45
    assert recipe("gpu", {"minutes": "0.5"}).minutes == 0.5


def softmax(classes: int = 6, dim: int = 8, subcentres: int = 2) -> MarginSoftmax:
    torch.manual_seed(1)
    return MarginSoftmax(torch.tensor([0, 0, 0, 1, 1, 1])[:classes], dim, subcentres, 32.0)


def test_the_margin_makes_it_harder() -> None:
    """Without a margin it is the softmax over scaled cosines; with one the loss is larger."""
    head, labels = softmax(), torch.tensor([0, 3, 5])
    embeddings = functional.normalize(torch.randn(3, 8))
    centres = functional.normalize(head.centres, dim=2)
    cosines = torch.stack([embeddings @ each.T for each in centres]).amax(0)
    plain = functional.cross_entropy(32 * cosines, labels)
    torch.testing.assert_close(head(embeddings, labels, 0.0, 0.0)[0], plain, rtol=1e-4, atol=1e-4)
    assert head(embeddings, labels, 0.2, 0.0)[0] > plain


def test_the_margin_turns_the_angle() -> None:
    """At one class of two, cos(theta + m) takes the place of cos(theta)."""
    head = softmax(2, subcentres=1)
    embedding = functional.normalize(torch.randn(1, 8))
    cosines = (embedding @ functional.normalize(head.centres[0], dim=1).T)[0]
    turned = torch.stack([torch.cos(torch.acos(cosines[0]) + 0.3), cosines[1]])
    expected = functional.cross_entropy(32 * turned.unsqueeze(0), torch.tensor([0]))
    torch.testing.assert_close(head(embedding, torch.tensor([0]), 0.3, 0.0)[0], expected)


def test_relatives_are_held_further_apart() -> None:
    """A margin for kin raises the loss only by classes of the same corpus and language."""
    head, labels = softmax(), torch.tensor([0])
    embedding = functional.normalize(torch.randn(1, 8))
    plain = head(embedding, labels, 0.0, 0.0)[0]
    assert head(embedding, labels, 0.0, 0.2)[0] > plain
    head.kin[:] = torch.arange(6)
    alone = head(embedding, labels, 0.0, 0.2)[0]
    head.kin[1:] = 9
    torch.testing.assert_close(head(embedding, labels, 0.0, 0.2)[0], alone)


def test_the_share_of_right_answers() -> None:
    """Embeddings at their own centres are all right; at another's, none."""
    head = softmax()
    centres = functional.normalize(head.centres[0], dim=1).detach()
    assert head(centres[:3], torch.tensor([0, 1, 2]), 0.2, 0.0)[1] == 1.0
    assert head(centres[:3], torch.tensor([1, 2, 3]), 0.2, 0.0)[1] == 0.0


def test_contrast_is_least_where_views_agree() -> None:
    """Same vectors in both views: near 0; shuffled: large; kin makes it harder."""
    view = functional.normalize(torch.randn(4, 64))
    views = Views(2, torch.tensor([0, 0, 1, 2] * 2), torch.ones(8, dtype=torch.bool))
    agree = contrast(torch.cat([view, view]), views, 16.0, 0.0)
    crossed = contrast(torch.cat([view, view.roll(1, 0)]), views, 16.0, 0.0)
    assert agree < 0.1 < crossed
    assert contrast(torch.cat([view, view]), views, 16.0, 0.2) > agree


def test_a_speaker_of_one_recording_is_no_example_of_a_voice() -> None:
    """Its own crops may differ without cost; alone in a batch there is nothing to learn."""
    one = torch.eye(2)
    two = torch.tensor([[-1.0, 0.0], [0.0, 1.0]])
    kin = torch.zeros(4, dtype=torch.int64)
    every, second, none = (
        contrast(torch.cat([one, two]), Views(2, kin, torch.tensor(several * 2)), 16.0, 0.0)
        for several in ([True, True], [False, True], [False, False])
    )
    assert every > second + 1
    assert none == 0.0


def test_the_schedule_over_a_run() -> None:
    """The rate rises, then falls to nearly nothing; the margin comes late and is largest last."""
    plan = Recipe()
    rates = [setting(plan, k / 100).rate for k in range(101)]
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0.005 * plan.rate)
    assert setting(plan, 0.0).margin == 0.0
    assert setting(plan, 0.5).margin == plan.margin
    assert setting(plan, 0.9).margin == plan.final_margin
    assert setting(plan, 0.9).crops_s == plan.final_crops_s


def test_the_budget_is_spent_by_time_or_by_steps() -> None:
    """Whichever is further; never more than all of it."""
    plan = replace(Recipe(), minutes=10, steps=100)
    assert spent_share(plan, 60, 50) == 0.5
    assert spent_share(plan, 480, 50) == 0.8
    assert spent_share(plan, 9999, 50) == 1.0


def test_the_average_follows_slowly() -> None:
    """After a jump of every weight the average has come part of the way; counts are left alone."""
    network = SpeakerNet(SMALL)
    average = Average(network, over_steps=10)
    before = {k: v.clone() for k, v in average.network.state_dict().items()}
    with torch.no_grad():
        for each in network.parameters():
            each.add_(1.0)
    average.update(network, step=1000)
    for name, value in average.network.named_parameters():
        torch.testing.assert_close(value, before[name] + 0.1)
    assert not average.network.training
    assert math.isclose(float(value.flatten()[0] - before[name].flatten()[0]), 0.1, abs_tol=1e-5)
