"""Captures written in the background, one after another: a step waits for the copy, not for the disk."""

from __future__ import annotations

import atexit
import threading
from queue import Queue
from typing import Callable

WAITING = 2
"""Captures that may wait for the disk; a further one waits for its turn, so that memory is bounded. chosen."""


class Writer:
    """A thread that does one job after another; what goes wrong in it is raised at the next call.

    A program that ends without `close`, by an error or because it was forgotten, ends when all jobs are done.
    """

    def __init__(self) -> None:
        self.jobs: Queue[Callable[[], None] | None] = Queue(WAITING)
        self.problems: list[BaseException] = []
        self.thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Does the job later. Raises what an earlier one raised."""
        self.check()
        if self.thread is None:
            self.thread = threading.Thread(target=self._work, name="crh-capture", daemon=True)
            self.thread.start()
            atexit.register(self.close)
        self.jobs.put(job)

    def _work(self) -> None:
        while (job := self.jobs.get()) is not None:
            try:
                job()
            except BaseException as error:
                self.problems.append(error)
            finally:
                del job  # and the capture with it
                self.jobs.task_done()

    def check(self) -> None:
        if self.problems:
            raise self.problems.pop(0)

    def close(self) -> None:
        """Waits for everything submitted. Raises what went wrong."""
        if self.thread is not None:
            self.jobs.put(None)
            self.thread.join()
            self.thread = None
            atexit.unregister(self.close)
        self.check()
