import pytest

from shopctl.run_dir import RunDir
from tests.commands import command


async def shopctl(run_dir: RunDir, *words: str) -> tuple[int | None, str]:
    """The exit code, and all that was printed."""
    return await command("shopctl", *words, "--run-dir", run_dir.path)


async def test_down_is_content_when_nothing_is_up(run_dir: RunDir) -> None:
    code, said = await shopctl(run_dir, "down")

    assert (code, said) == (0, "Down.\n")


@pytest.mark.parametrize("words", [("status",), ("restart", "order"), ("kill", "nats")])
async def test_others_say_that_nothing_is_up(run_dir: RunDir, words: tuple[str, ...]) -> None:
    code, said = await shopctl(run_dir, *words)

    assert (code, said) == (1, f"nothing is up in {run_dir.path}\n")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--replicas", "shipping=2"), "shipping"),
        (("order=0",), "N from 1 to"),
        (("--smtp", "localhost"), "HOST:PORT"),
        (("--provider", "localhost:80"), "http"),
    ],
)
async def test_up_refuses_what_cannot_be(
    run_dir: RunDir, words: tuple[str, ...], named: str
) -> None:
    code, said = await shopctl(run_dir, "up", *words)

    assert code == 2
    assert named in said
    assert not run_dir.state.exists()
