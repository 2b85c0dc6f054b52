from pathlib import Path

from shopctl.demo.auditing import audit


async def test_an_audit_that_cannot_look_is_no_good_verdict(tmp_path: Path) -> None:
    assert not await audit(tmp_path / "stack.json", [], wait_s=0)
