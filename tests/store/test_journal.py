"""What the journal has committed is there, whatever happens to the process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from assay.errors import StoreError
from assay.store.journal import Journal, remove_journal


async def test_holds_what_was_put(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    await asyncio.gather(*(journal.put(b"%d" % n, b"reply %d" % n) for n in range(500)))
    assert journal.get(b"123") == b"reply 123"
    assert journal.get(b"none") is None
    await journal.close()
    reopened = Journal(tmp_path / "j.sqlite")
    assert len(reopened) == 500
    assert reopened.get(b"499") == b"reply 499"
    await reopened.close()


async def test_the_first_reply_of_a_key_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    await journal.put(b"key", b"first")
    await journal.put(b"key", b"second")
    assert journal.get(b"key") == b"first"
    assert list(journal.replies()) == [b"first"]
    await journal.close()


def test_every_put_that_returned_survives_kill_9(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import asyncio, os, sys
        from pathlib import Path
        from assay.store.journal import Journal

        async def main():
            journal = Journal(Path(sys.argv[1]))
            done = 0

            async def put(number):
                nonlocal done
                await journal.put(str(number).encode(), b"x" * 1000)
                done += 1
                if done == 700:
                    print(done, flush=True)
                    os.kill(os.getpid(), 9)

            await asyncio.gather(*(put(number) for number in range(2000)))

        asyncio.run(main())
        """
    )
    path = tmp_path / "j.sqlite"
    process = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    assert process.returncode == -9
    journal = Journal(path)
    assert len(journal) >= int(process.stdout)
    asyncio.run(journal.close())


def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    path.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(StoreError, match="not a usable journal"):
        Journal(path)
    assert path.read_bytes().startswith(b"this is a letter")


async def test_a_disk_that_refuses_is_told_to_everybody_who_waits(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    await journal.put(b"before", b"kept")
    journal._writer.execute("PRAGMA max_page_count = 1")  # the smallest disk there is
    results = await asyncio.gather(
        *(journal.put(b"%d" % n, os.urandom(5000)) for n in range(10)), return_exceptions=True
    )
    assert {type(result) for result in results} == {StoreError}
    assert "Free some space" in str(results[0])
    await journal.close()
    reopened = Journal(tmp_path / "j.sqlite")
    assert reopened.get(b"before") == b"kept"
    await reopened.close()


async def test_removed_with_what_sqlite_leaves_beside_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.sqlite")
    await journal.put(b"key", b"reply")
    await journal.close()
    (tmp_path / "j.sqlite-wal").touch()  # as a killed process leaves it
    remove_journal(tmp_path / "j.sqlite")
    assert os.listdir(tmp_path) == []
