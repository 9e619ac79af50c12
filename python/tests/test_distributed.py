"""Two processes with gloo, each a part of the data, equal one with all of it."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
import torch
from models import losses, mlp, mlp_batch
from test_step import expect_same

from crh_capture import Capture, Moments

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available() or not torch.distributed.is_gloo_available()
    if hasattr(torch.distributed, "is_gloo_available")
    else not torch.distributed.is_available(),
    reason="no torch.distributed with gloo",
)
HERE = pathlib.Path(__file__).parent


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    path = os.pathsep.join([str(HERE), str(HERE.parent)])
    started = [
        subprocess.Popen(
            [sys.executable, str(HERE / "ranks.py"), str(folder), str(rank)],
            env={**os.environ, "PYTHONPATH": path, "GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    ended = [process.communicate(timeout=240) for process in started]
    assert started[0].returncode == 0, [error for _, error in ended]
    return folder, json.loads(ended[0][0].strip().splitlines()[-1])


def of_all(n, step=0):
    model = mlp().double()
    x, y = mlp_batch(20)
    moments = Capture(model, first_step=step).measure((x.double()[:n], y[:n]), losses)
    return moments


def test_measure_and_step_sum_over_ranks(ranks):
    folder, _ = ranks
    expect_same(Moments.load(folder / "measured-0.safetensors"), of_all(20), 1e-12)
    expect_same(Moments.load(folder / "measured-1.safetensors"), of_all(20), 1e-12)
    first = Moments.load(folder / "captures" / "step-00000000.safetensors")
    expect_same(first, of_all(20), 1e-12)


def test_a_smaller_batch_on_one_rank_counts_as_what_it_is(ranks):
    folder, _ = ranks
    second = Moments.load(folder / "captures" / "step-00000001.safetensors")
    assert {layer.n for layer in second.layers} == {17}
    expect_same(second, of_all(17), 1e-12)


def test_fully_shard_gives_whole_weights_and_the_same_sums(ranks):
    folder, said = ranks
    if not said["fsdp2"]:
        pytest.skip("no torch.distributed.fsdp.fully_shard in this PyTorch")
    expected = of_all(20)
    for path in (folder / "fsdp2-measured-0.safetensors", folder / "fsdp2" / "step-00000000.safetensors"):
        moments = Moments.load(path)
        expect_same(moments, expected, 1e-12)
        for layer, twin in zip(moments.layers, expected.layers):
            assert (layer.W == twin.W).all() and (layer.bias == twin.bias).all()


def test_an_error_on_one_rank_is_one_on_every_rank(ranks):
    _, said = ranks
    assert said["mismatch"] == "capture: expected sums of every rank, got an error on another one; see its output"


@pytest.mark.parametrize("way", ["step", "measure"])
def test_an_error_in_the_pass_of_one_rank_does_not_keep_the_others_waiting(ranks, way):
    _, said = ranks
    expected = "CaptureError: capture: expected sums of every rank, got an error on another one; see its output"
    assert said[f"failed {way}"] == expected
    assert said["waited"] < 60


def test_a_rank_that_is_gone_is_a_clear_error_and_what_was_written_stays(ranks):
    folder, said = ranks
    assert said["killed"].startswith("CaptureError: capture: expected an answer of each of 2 ranks, got none of one")
    assert sorted(path.name for path in (folder / "captures").iterdir()) == [
        "step-00000000.safetensors",
        "step-00000001.safetensors",
    ]
