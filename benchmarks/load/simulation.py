"""Simulates one run: uploads arrive, executions go through their states, functions and the detector throttle."""

from collections import Counter, deque
from collections.abc import Generator
from dataclasses import dataclass, field
from math import exp
from random import Random
from typing import Final

from benchmarks.load.definition import BUSY, Definition, Ending, Retrier, Step, with_retrier
from benchmarks.load.designs import DETECTOR_PATIENCE_SECONDS, SLOT, SLOT_TAKEN, Admission, Design, Throttled
from benchmarks.load.limits import Entry, Lambda, TokenBucket
from benchmarks.load.loop import PARKED, Loop, Process
from benchmarks.load.pictures import USUAL, Arrivals, Mix, Picture, Route, pictures
from benchmarks.load.platform import AWS, Platform, Work
from benchmarks.load.quotas import Account

DELIVERY_ATTEMPTS: Final = 186
DELIVERY_AGE_SECONDS: Final = 86_400.0
"""EventBridge retries 185 times within 24 hours."""
LONGEST_DELIVERY_RETRY_SECONDS: Final = 900.0
"""Assumed: AWS does not publish the backoff; with this bound, 185 retries span the 24 hours."""
CLIENT_ATTEMPTS: Final = 3
"""Attempts of one AWS call, as functions/shared sets them."""
REFUSAL_SECONDS: Final = 0.05
"""From a call to the response that throttles it. Assumed."""
LONGEST_DETECTOR_RETRY_SECONDS: Final = 4.0
POLLERS_AT_ONCE: Final = 5
POLLERS_PER_SECOND: Final = 5.0
"""Lambda starts five pollers for a queue at once and adds 300 a minute."""
VIEWS_PER_SECOND: Final = 5.0
"""Requests for variants that are not stored yet; only these reach `serve`."""
TAKE_SLOT: Final = "TakeSlot"
UNFINISHED: Final = "unfinished"
"""Not an error: `moderate` returned the answers it had so far, and is called again for the rest."""
STATES_PER_ROUND: Final = 2
"""State transitions of one more call: the Choice that leads back to the Task, and the Task."""

Seconds = Generator[float | None, None, None]
Outcome = Generator[float | None, None, str]
"""A part of a process that returns the name of an error, or ""."""


@dataclass(frozen=True)
class Scenario:
    """Everything that a run depends on; the same scenario always gives the same result."""

    design: Design
    account: Account
    arrivals: Arrivals
    mix: Mix = USUAL
    platform: Platform = AWS
    views_per_second: float = VIEWS_PER_SECOND
    seed: int = 1


@dataclass(slots=True)
class Batch:
    """Uploads that one invocation of `admit` waits for; ``process`` is None once it has stopped waiting."""

    left: int
    process: Process | None = None


@dataclass(slots=True)
class Upload:
    """An upload: how and when it ended, the detector calls it still needs, and its state transitions so far."""

    picture: Picture
    calls_left: int
    ending: Ending | None = None
    ended_at: float = 0.0
    transitions: int = 0
    batch: Batch | None = None


@dataclass
class Counts:
    """What a run counts besides its uploads. ``wasted_calls`` are detector calls whose answers were discarded."""

    detector_calls: int = 0
    wasted_calls: int = 0
    detector_throttles: int = 0
    admit_seconds: float = 0.0
    slot_writes: int = 0
    views: int = 0
    views_throttled: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    deliveries_refused: int = 0
    errors: Counter[str] = field(default_factory=Counter)


class Cores:
    """Cores that invocations queue for, first come first served."""

    def __init__(self, loop: Loop, count: int) -> None:
        self._loop = loop
        self._free = count
        self._queue: deque[Process] = deque()

    def use(self, seconds: float) -> Seconds:
        """Wait for a core and use it."""
        if self._free:
            self._free -= 1
        else:
            self._queue.append(self._loop.current)
            yield PARKED
        yield seconds
        if self._queue:
            self._loop.resume(self._queue.popleft())
        else:
            self._free += 1


class Simulation:
    """One run of a scenario. When `run` returns, every upload has ended; ``uploads`` and ``counts`` hold the result."""

    def __init__(self, scenario: Scenario, definition: Definition) -> None:
        self._design, self._platform = scenario.design, scenario.platform
        self._views_per_second = scenario.views_per_second
        account, region = scenario.account, scenario.account.region
        self.loop = Loop()
        self.counts = Counts()
        self.lambda_ = Lambda(account.concurrency, account.reserved)
        self._starts = TokenBucket(region.start_execution_bucket, region.start_execution_per_second)
        self._transitions = TokenBucket(region.transition_bucket, region.transitions_per_second)
        self._deliveries = TokenBucket(region.deliveries_per_second, region.deliveries_per_second)
        self._detector = TokenBucket(account.detector_calls_per_second, account.detector_calls_per_second)
        self._cores = Cores(self.loop, self._platform.cores) if self._platform.cores else None
        self._random = Random(f"{scenario.seed} run")
        drawn = pictures(scenario.arrivals, scenario.mix, Random(f"{scenario.seed} pictures"))
        self.uploads = [Upload(picture, picture.calls) for picture in drawn]
        self._remaining = len(self.uploads)
        self._steps = {route: self._steps_of(definition, route) for route in Route}
        self._queue: deque[Upload] = deque()
        self._idle: deque[Process] = deque()
        self._slots = scenario.design.in_flight
        self._waiting_for_slots: deque[Process] = deque()

    def run(self) -> None:
        """Run until every upload has ended."""
        direct = self._design.admission in {Admission.DIRECT, Admission.SEMAPHORE}
        for upload in self.uploads:
            process = self._start_by_event(upload) if direct else self._enqueue(upload)
            self.loop.start(process, after=upload.picture.arrives)
        for number in range(self._design.pollers):
            self.loop.start(self._poll(), after=max(0.0, (number - POLLERS_AT_ONCE + 1) / POLLERS_PER_SECOND))
        if self._views_per_second:
            self.loop.start(self._request_views())
        self.loop.run()

    def _steps_of(self, definition: Definition, route: Route) -> tuple[Step, ...]:
        steps = with_retrier(definition.path(*route.value), self._design.throttling)
        if self._design.admission is Admission.SEMAPHORE:
            claim, *others = steps
            steps = (claim, Step(1, TAKE_SLOT, retriers=(SLOT,)), *others)
        if self._design.admission in {Admission.SEMAPHORE, Admission.LEASES}:
            steps = (*steps[:-1], Step(1, "ReleaseSlot", retriers=()), steps[-1])
        return steps

    # --- from the event to the execution

    def _delivery(self) -> float:
        return self._platform.delivery_seconds + self._deliveries.delay(self.loop.now)

    def _start_by_event(self, upload: Upload) -> Process:
        yield self._delivery()
        for attempt in range(DELIVERY_ATTEMPTS):
            if self._starts.take(self.loop.now):
                yield from self._execute(upload)
                return
            self.counts.deliveries_refused += 1
            wait = self._random.uniform(0.0, min(2.0**attempt, LONGEST_DELIVERY_RETRY_SECONDS))
            if self.loop.now + wait > upload.picture.arrives + DELIVERY_AGE_SECONDS:
                break
            yield wait
        self._end(upload, Ending.LOST)

    def _enqueue(self, upload: Upload) -> Process:
        yield self._delivery()
        self._queue.append(upload)
        if self._idle:
            self.loop.resume(self._idle.popleft())

    def _poll(self) -> Process:
        """Act as one poller: take batches off the queue and invoke `admit` with them. No message is delivered twice."""
        while True:
            if not self._queue:
                self._idle.append(self.loop.current)
                yield PARKED
                continue
            uploads = [self._queue.popleft() for _ in range(min(self._design.batch, len(self._queue)))]
            while (entry := self.lambda_.enter("admit", self.loop.now)) is Entry.THROTTLED:
                yield 1.0
            began = self.loop.now
            yield from self._use("admit", entry, 0.0)
            if self._design.admission is Admission.LEASES:
                yield from self._start_with_leases(uploads)
            else:
                yield from self._start_all(uploads, wait=self._design.admission is Admission.WAIT)
            self.lambda_.leave("admit")
            self.counts.admit_seconds += self.loop.now - began

    def _start_all(self, uploads: list[Upload], *, wait: bool) -> Seconds:
        batch = Batch(len(uploads))
        for upload in uploads:
            upload.batch = batch
            yield from self._start(upload)
        if wait and batch.left:
            began = self.loop.now
            batch.process = self.loop.current
            self.loop.start(self._stop_waiting(batch))
            yield PARKED
            yield self._until_next_check(began)

    def _start_with_leases(self, uploads: list[Upload]) -> Seconds:
        for upload in uploads:
            while not self._slots:
                began = self.loop.now
                self._waiting_for_slots.append(self.loop.current)
                yield PARKED
                yield self._until_next_check(began)
            self._slots -= 1
            self.counts.slot_writes += 1
            yield from self._start(upload)

    def _start(self, upload: Upload) -> Seconds:
        while not self._starts.take(self.loop.now):
            self.counts.deliveries_refused += 1
            yield self._random.uniform(0.0, 1.0)
        self.loop.start(self._execute(upload))

    def _until_next_check(self, began: float) -> float:
        """Return the seconds until the next check of `admit`, which checks at fixed intervals since ``began``."""
        interval = self._design.poll_seconds
        return (began - self.loop.now) % interval if interval else 0.0

    def _stop_waiting(self, batch: Batch) -> Process:
        yield self._design.wait_seconds
        if batch.process:
            self.loop.resume(batch.process)
            batch.process = None

    # --- an execution

    def _execute(self, upload: Upload) -> Process:
        counts = self.counts
        deadline = self.loop.now + self._design.timeout_seconds
        entered = self._design.admission is not Admission.SEMAPHORE
        if entered:
            self._enter()
        ending = Ending.JUDGED
        for step in self._steps[upload.picture.route]:
            yield self._transition(upload, step.states)
            if not step.name:
                continue
            error = yield from self._task(step, upload, deadline)
            if error:
                counts.errors[f"{step.name} {error}"] += 1
                ending = step.ending
                yield self._transition(upload, step.failure_states)
                break
            if step.name == TAKE_SLOT:
                entered = True
                self._enter()
        if entered:
            self._leave()
        self._end(upload, ending)

    def _enter(self) -> None:
        self.counts.in_flight += 1
        self.counts.most_in_flight = max(self.counts.most_in_flight, self.counts.in_flight)

    def _leave(self) -> None:
        self.counts.in_flight -= 1
        self._slots += 1
        if self._waiting_for_slots:
            self.loop.resume(self._waiting_for_slots.popleft())

    def _end(self, upload: Upload, ending: Ending) -> None:
        upload.ending, upload.ended_at = ending, self.loop.now
        self._remaining -= 1
        if upload.batch:
            upload.batch.left -= 1
            if upload.batch.process and not upload.batch.left:
                self.loop.resume(upload.batch.process)
                upload.batch.process = None

    def _transition(self, upload: Upload, states: int) -> float:
        upload.transitions += states
        return states * self._platform.state_seconds + self._transitions.delay(self.loop.now, states)

    def _task(self, step: Step, upload: Upload, deadline: float) -> Outcome:
        """Run a Task with its retriers; return the error that is left after all retries, or ""."""
        retries: Counter[Retrier] = Counter()
        while True:
            error = yield from self._attempt(step, upload)
            if not error:
                return ""
            if error == UNFINISHED:
                yield self._transition(upload, STATES_PER_ROUND)
                continue
            retrier = next((each for each in step.retriers if each.handles(error)), None)
            if retrier is None or retries[retrier] >= retrier.max_attempts:
                return error
            delay = self._retry_delay(retrier, retries[retrier])
            retries[retrier] += 1
            if self.loop.now + delay > deadline:
                yield max(0.0, deadline - self.loop.now)
                return "States.Timeout"
            yield delay
            yield self._transition(upload, 1)

    def _retry_delay(self, retrier: Retrier, retry: int) -> float:
        platform = self._platform
        delay = retrier.delay(retry, self._random) if platform.jitter else retrier.longest_delay(retry)
        return min(delay, platform.longest_retry_seconds) * platform.retry_scale

    def _attempt(self, step: Step, upload: Upload) -> Outcome:
        if not step.function:
            yield self._platform.service_seconds
            return self._take_slot() if step.name == TAKE_SLOT else ""
        entry = self.lambda_.enter(step.function, self.loop.now)
        if entry is Entry.THROTTLED:
            yield REFUSAL_SECONDS
            return self._platform.throttled
        yield from self._use(step.function, entry, upload.picture.size)
        error = ""
        if step.function == "moderate":
            error = yield from self._detect(upload)
        self.lambda_.leave(step.function)
        return error

    def _take_slot(self) -> str:
        self.counts.slot_writes += 1
        if not self._slots:
            return SLOT_TAKEN
        self._slots -= 1
        return ""

    def _use(self, function: str, entry: Entry, size: float) -> Seconds:
        """Spend the duration of an invocation, without its detector calls."""
        work: Work = self._platform.work[function]
        factor = exp(work.spread * size)
        cold = work.cold_start_seconds if entry is Entry.COLD else 0.0
        yield cold + work.waiting_seconds * factor
        if self._cores and work.core_seconds:
            yield from self._cores.use(work.core_seconds * factor)

    # --- the detector

    def _detect(self, upload: Upload) -> Outcome:
        """Make a picture's detector calls, several at a time; after a failure no further call starts."""
        deadline = self.loop.now + DETECTOR_PATIENCE_SECONDS
        state = _Detection(upload.calls_left)
        if upload.calls_left == 1:
            yield from self._call_detector(state, deadline)
        else:
            state.workers = min(upload.calls_left, self._platform.parallel_detector_calls)
            state.process = self.loop.current
            for _ in range(state.workers):
                self.loop.start(self._call_detector_in_parallel(state, deadline))
            yield PARKED
        self.counts.detector_calls += state.answered
        if not state.failed:
            return ""
        if self._design.detector is Throttled.KEEPS:
            upload.calls_left -= state.answered
            return UNFINISHED
        self.counts.wasted_calls += state.answered
        return BUSY

    def _call_detector_in_parallel(self, state: "_Detection", deadline: float) -> Process:
        yield from self._call_detector(state, deadline)
        state.workers -= 1
        if not state.workers and state.process:
            self.loop.resume(state.process)

    def _call_detector(self, state: "_Detection", deadline: float) -> Seconds:
        """Make calls one after another until none is left or one has failed after all retries."""
        random, repeats = self._random, self._design.detector is not Throttled.GIVES_UP
        while state.left and not state.failed:
            state.left -= 1
            attempts = 0
            while not self._detector.take(self.loop.now):
                self.counts.detector_throttles += 1
                attempts += 1
                longest = min(2.0 ** (attempts - 1), LONGEST_DETECTOR_RETRY_SECONDS)
                wait = REFUSAL_SECONDS + random.uniform(0.0, longest)
                if self.loop.now + wait > deadline if repeats else attempts >= CLIENT_ATTEMPTS:
                    state.failed = True
                    return
                yield wait
            yield self._platform.detector_seconds * exp(random.gauss(0.0, self._platform.detector_spread))
            state.answered += 1

    # --- views

    def _request_views(self) -> Process:
        """Request variants that are not stored yet from `serve` until the last upload has ended."""
        while True:
            yield self._random.expovariate(self._views_per_second)
            if not self._remaining:
                return
            self.counts.views += 1
            entry = self.lambda_.enter("serve", self.loop.now)
            if entry is Entry.THROTTLED:
                self.counts.views_throttled += 1
            else:
                self.loop.start(self._view(entry))

    def _view(self, entry: Entry) -> Process:
        yield from self._use("serve", entry, self._random.gauss(0.0, 1.0))
        self.lambda_.leave("serve")


@dataclass(slots=True)
class _Detection:
    """The calls of one invocation of `moderate`."""

    left: int
    answered: int = 0
    failed: bool = False
    workers: int = 0
    process: Process | None = None


def simulate(scenario: Scenario, definition: Definition | None = None) -> Simulation:
    """Run a scenario with a state machine, by default the pipeline's."""
    simulation = Simulation(scenario, definition or Definition.from_file())
    simulation.run()
    return simulation
