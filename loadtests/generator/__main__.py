"""`python -m loadtests.generator JOB OUTCOME`: says `ready`, waits for a line, says `posted`."""

import asyncio
import gc
import sys
from pathlib import Path

import orjson
import uvloop
from pydantic import TypeAdapter

from loadtests.generator.job import Job, Outcome
from loadtests.generator.placing import Generator

JOB = TypeAdapter(Job)


async def main(job: Job) -> Outcome:
    async with Generator.ready(job) as generator:
        gc.freeze()  # the bodies stay: a collection that walks them all would be a pause
        print("ready", flush=True)  # noqa: T201 - who started us reads it
        await asyncio.to_thread(sys.stdin.readline)
        await generator.post()
        print("posted", flush=True)  # noqa: T201
        await generator.settled()
        return generator.outcome


if __name__ == "__main__":
    job_file, outcome_file = map(Path, sys.argv[1:])
    outcome = uvloop.run(main(JOB.validate_json(job_file.read_bytes())))
    outcome_file.write_bytes(orjson.dumps(outcome))
