"""An event in the operator's own editor."""

import json
import os
import shlex
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from shopctl.dead_letters.at_desk import LetterError


def edited(data: bytes) -> bytes:
    """Open $VISUAL or $EDITOR on the event; what is not JSON is edited as the text that it is.

    Raises:
        LetterError: nothing was changed, or the editor failed.
    """
    text = _readable(data)
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with TemporaryDirectory(prefix="dead-letter-") as folder:
        file = Path(folder) / "event.json"
        file.write_text(f"{text}\n", encoding="utf-8")
        try:
            subprocess.run([*editor, str(file)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise LetterError(f"the editor {editor[0]} failed: {error}") from None
        after = file.read_text(encoding="utf-8").strip()
    if after == text.strip():
        raise LetterError("nothing was changed, and nothing is sent")
    return after.encode()


def _readable(data: bytes) -> str:
    try:
        return json.dumps(json.loads(data), indent=2, ensure_ascii=False)
    except ValueError:
        return data.decode(errors="replace")
