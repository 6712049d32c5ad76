"""Runs a search with Ray Tune, by the plan that search.ts has written: `search.py PLAN.json RECORD.json`.

A trial is a Node process (trial.ts) whose lines of JSON are reported to Tune, with its checkpoint an
epoch. What all trials gave goes to RECORD.json at the end.
"""

import ctypes
import json
import math
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import optuna
import pyarrow.fs
import ray
from ray import tune
from ray.tune.logger import JsonLoggerCallback
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search import BasicVariantGenerator
from ray.tune.search.optuna import OptunaSearch

# A checkpoint: what the library keeps, and how many epochs Tune has been told of.
CHECKPOINT, EPOCHS = "checkpoint.safetensors", "epochs"
# Which search the folder is of that Tune keeps its files in.
SEARCH = "digit-recognizer-search.json"
# How often a trial is begun again that ended for no fault of its settings, as with its machine.
MAX_FAILURES = 3
# One of three goes on after 1, 3, 9 ... epochs, or from another first one.
GRACE_PERIOD, REDUCTION = 1, 3
# Fewer say nothing of what is important.
LEAST_TRIALS = 8
# What a failed trial counts as, so that the sampler keeps away from its settings.
WORST = {"validationAccuracy": 0.0, "validationLoss": 1e9}


def trainable(fixed, cores):
    """What Tune runs on any machine; it travels there by value, without this file."""

    class Training(tune.Trainable):
        """A trial: each step is an epoch, and the last one says how it ended."""

        def setup(self, config):
            self.settings = {}
            for place, value in {**fixed, **config}.items():
                name, _, inner = place.partition(".")
                if inner:
                    self.settings.setdefault(name, {})[inner] = value
                else:
                    self.settings[name] = value
            self.scratch = Path(tempfile.mkdtemp(prefix="digit-recognizer-trial-"))
            self.folder = self.scratch / "run"
            self.folder.mkdir()
            self.child = None
            self.begun = self.epoch = 0

        def reset_config(self, new_config):
            # The next trial in this process, whose start takes seconds.
            self.cleanup()
            self.setup(new_config)
            return True

        def load_checkpoint(self, folder):
            for file in Path(folder).glob(CHECKPOINT):
                shutil.copy(file, self.folder)
            self.begun = self.epoch = int((Path(folder) / EPOCHS).read_text())

        def save_checkpoint(self, folder):
            # The file is replaced whole. Where the process is an epoch ahead already, the one that
            # goes on from it prints the line of that epoch once more. One that diverges in its first
            # epoch has none.
            for file in self.folder.glob(CHECKPOINT):
                shutil.copy(file, folder)
            (Path(folder) / EPOCHS).write_text(str(self.epoch))

        def step(self):
            self.child = self.child or self.start()
            told = next(
                it for it in map(json.loads, self.lines()) if it.get("epoch", math.inf) > self.epoch
            )
            if "epoch" in told:
                self.epoch = told["epoch"]
                return {**told, "begun": self.begun}
            # 2 and 3 are for settings that would fail again.
            if self.child.wait() not in (0, 2, 3):
                raise RuntimeError(told.get("reason", f"the trial was {told['ended']}"))
            worst = WORST if told["ended"] == "failed" else {}
            return {**worst, **told, "epoch": self.epoch, "begun": self.begun, "done": True}

        def start(self):
            # This machine's repository, which may lie elsewhere than the driver's.
            root = Path(sys.prefix).parent.parent
            threads = {f"TF_NUM_{kind}_THREADS": str(cores) for kind in ("INTRAOP", "INTEROP")}
            with (self.scratch / "stderr").open("w") as stderr:
                return subprocess.Popen(
                    ["node", "-r", "ts-node/register/transpile-only", "search/trial.ts"]
                    + [json.dumps(self.settings), str(self.folder)],
                    cwd=root,
                    env={**os.environ, **threads},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    text=True,
                    start_new_session=True,
                    preexec_fn=end_with_parent if sys.platform == "linux" else None,
                )

        def lines(self):
            # Not `yield from`, which closes the pipe with the generator.
            for line in self.child.stdout:
                yield line
            # A trial that is killed has no last line.
            words = (self.scratch / "stderr").read_text().strip().splitlines()[-5:]
            raise RuntimeError(f"the trial ended with {self.child.wait()}: " + " | ".join(words))

        def cleanup(self):
            if self.child and self.child.poll() is None:
                self.child.kill()
                self.child.wait()
            shutil.rmtree(self.scratch, ignore_errors=True)

    return tune.with_resources(Training, {"cpu": cores})


def end_with_parent(by=signal.SIGTERM):
    """Lets Linux end this process when its parent is killed, which could not do it itself."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, by)


class Halving(ASHAScheduler):
    """ASHA with a file of what it has seen, since Tune restores all of a search but its scheduler."""

    def __init__(self, file, epochs, grace_period):
        super().__init__(
            time_attr="epoch",
            # No rung at the last epoch, where there is nothing left to save.
            max_t=max(grace_period, epochs - 1),
            grace_period=grace_period,
            reduction_factor=REDUCTION,
            # A trial reports once more after its last epoch, where it is not to be stopped.
            stop_last_trials=False,
        )
        self.file = file
        self.is_loaded = False
        self.stopped = set()

    def on_trial_add(self, controller, trial):
        if not self.is_loaded and os.path.exists(self.file):
            self.restore(self.file)
        self.is_loaded = True
        super().on_trial_add(controller, trial)

    def on_trial_result(self, controller, trial, result):
        # A search that was cut off between this and Tune's own record hears of a stopped trial again.
        if trial.trial_id in self.stopped:
            return self.STOP
        action = super().on_trial_result(controller, trial, result)
        if action == self.STOP:
            self.stopped.add(trial.trial_id)
        self.save(f"{self.file}.tmp")
        os.replace(f"{self.file}.tmp", self.file)
        return action


class Lines(tune.Callback):
    """Prints a line for each trial that ends, with the time left."""

    def __init__(self, metric, samples):
        self.metric = metric
        self.samples = samples
        self.start = time.monotonic()
        self.ended_before = None

    def on_step_begin(self, iteration, trials, **info):
        if self.ended_before is None:
            self.ended_before = sum(trial.is_finished() for trial in trials)

    def on_trial_complete(self, iteration, trials, trial, **info):
        result = trial.last_result
        if result.get("ended") == "failed":
            how = f"failed: {result['reason']}"
        else:
            how = f"{result.get('ended', 'stopped')} after epoch {result.get('epoch', 0)}, "
            how += f"{self.metric} {result.get(self.metric)}"
        self.tell(trials, trial, how)

    def on_trial_error(self, iteration, trials, trial, **info):
        self.tell(trials, trial, f"failed: see {trial.error_file}")

    def tell(self, trials, trial, how):
        ended = sum(it.is_finished() for it in trials if it is not trial) + 1
        spent = time.monotonic() - self.start
        left = spent / max(1, ended - self.ended_before) * (self.samples - ended)
        print(
            f"{ended} of {self.samples} trials: {trial.trial_id} {json.dumps(trial.config)} {how}; "
            f"about {left / 60:.1f} min left",
            flush=True,
        )


def domain(described):
    """A setting's values as Tune has them."""
    if "oneOf" in described:
        return tune.choice(described["oneOf"])
    low, high = described["from"], described["to"]
    is_log = described.get("scale") == "log"
    if described["whole"]:
        # Tune leaves out the upper end.
        return (tune.lograndint if is_log else tune.randint)(low, high + 1)
    return (tune.loguniform if is_log else tune.uniform)(low, high)


def distribution(described):
    """The same as Optuna has them."""
    if "oneOf" in described:
        return optuna.distributions.CategoricalDistribution(described["oneOf"])
    is_log = described.get("scale") == "log"
    kind = "IntDistribution" if described["whole"] else "FloatDistribution"
    return getattr(optuna.distributions, kind)(described["from"], described["to"], log=is_log)


class StorageError(Exception):
    """The storage is not this search's; the message says why and what to do."""


def claim_storage(place, search):
    """Refuses a folder that has anything but this search; a new one gets its name."""
    try:
        filesystem, folder = pyarrow.fs.FileSystem.from_uri(place)
        file = f"{folder}/{SEARCH}"
        selector = pyarrow.fs.FileSelector(folder, allow_not_found=True)
        names = [it.base_name for it in filesystem.get_file_info(selector)]
        if not names:
            filesystem.create_dir(folder)
            with filesystem.open_output_stream(file) as stream:
                stream.write(json.dumps(search).encode())
            return
        if SEARCH not in names:
            raise StorageError(f"{place} has {names[0]}, which is of no search. Give another --storage")
        with filesystem.open_input_stream(file) as stream:
            begun = json.loads(stream.read())
    except (OSError, ValueError) as error:
        raise StorageError(f"{place} cannot be used: {error}. Give another --storage") from error
    for name in {**begun, **search}:
        was, wanted = (json.dumps(it.get(name)) for it in (begun, search))
        if was != wanted:
            raise StorageError(
                f"{place} has another search, whose {name} was {was} and is {wanted} here. "
                "Give another --storage"
            )


def drawn(points, seed, samples):
    """A grid's combinations in an order of no meaning, or the first of them.

    ASHA compares a trial with those before it, which in the grid's own order are all alike.
    """
    shuffled = points.copy()
    random.Random(seed).shuffle(shuffled)
    return shuffled[:samples]


def new_tuner(plan, function):
    points = plan["points"]
    if points:
        search_algorithm = BasicVariantGenerator(
            points_to_evaluate=drawn(points, plan["seed"], plan["samples"]),
            max_concurrent=plan["concurrent"] or 0,
        )
    else:
        search_algorithm = OptunaSearch(seed=plan["seed"])
    epochs, grace_period = plan["fixed"]["epochs"], plan.get("gracePeriod", GRACE_PERIOD)
    is_halving = plan["stopping"] == "asha"
    return tune.Tuner(
        function,
        param_space={name: domain(it) for name, it in plan["domains"].items()},
        tune_config=tune.TuneConfig(
            metric=plan["metric"],
            mode=plan["mode"],
            num_samples=plan["samples"],
            search_alg=search_algorithm,
            scheduler=Halving(plan["rungs"], epochs, grace_period) if is_halving else None,
            max_concurrent_trials=None if points else plan["concurrent"],
            time_budget_s=plan["timeBudget"],
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name=plan["name"],
            # The table, and no block for each result.
            verbose=1,
            storage_path=plan["storage"],
            failure_config=tune.FailureConfig(max_failures=MAX_FAILURES),
            checkpoint_config=tune.CheckpointConfig(num_to_keep=1, checkpoint_frequency=1),
            progress_reporter=tune.CLIReporter(
                metric_columns=["epoch", plan["metric"], "time_total_s"],
                parameter_columns=list(plan["domains"]),
                max_report_frequency=30,
            ),
            callbacks=[JsonLoggerCallback(), Lines(plan["metric"], plan["samples"])],
        ),
    )


def read_text(result, name):
    """A file that Tune keeps of a trial, empty where there is none."""
    try:
        with result.filesystem.open_input_stream(f"{result.path}/{name}") as stream:
            return stream.read().decode()
    except FileNotFoundError:
        return ""


def describe(result, stopped, cores):
    """What is kept of a trial: every epoch once, though one may have been trained twice.

    Nothing of one that the time budget ended before it had a result.
    """
    rows = [json.loads(line) for line in read_text(result, "result.json").splitlines()]
    if not rows and not result.error:
        return None
    end = next((row for row in reversed(rows) if "ended" in row), {})
    names = ["epoch", "loss", "accuracy", "validationLoss", "validationAccuracy", "seconds"]
    curve = {row["epoch"]: {name: row[name] for name in names} for row in rows if "loss" in row}
    last = rows[-1] if rows else {}
    identity = last.get("trial_id", result.path.rpartition("/")[2])
    ended = end.get("ended") or ("stopped" if identity in stopped else "cut off")
    reason = end.get("reason")
    if result.error and not end:
        ended, reason = "failed", str(result.error).strip().splitlines()[-1]
    return {
        "id": identity,
        # Not the result's own, which has none before the first epoch. Tune keeps none of a trial
        # whose process could not start.
        "settings": json.loads(read_text(result, "params.json") or "{}"),
        "ended": ended,
        **({"reason": reason} if reason else {}),
        **{name: end[name] for name in ("keptEpoch", "digits") if name in end},
        "cores": cores,
        # All the time that it held its cores, the start of its processes included.
        "seconds": last.get("time_total_s", 0),
        "continuedAfter": sorted({row["begun"] for row in rows if row["begun"] > 0}),
        "curve": [curve[epoch] for epoch in sorted(curve)],
    }


def importance(trials, plan):
    """How much each setting decides whether a trial is among the best quarter (PED-ANOVA)."""
    scored = [it for it in trials if it["ended"] in ("finished", "stopped") and it["curve"]]
    if len(scored) < LEAST_TRIALS or len(plan["domains"]) < 2:
        return None
    study = optuna.create_study(direction="maximize" if plan["mode"] == "max" else "minimize")
    distributions = {name: distribution(it) for name, it in plan["domains"].items()}
    for it in scored:
        epoch = it.get("keptEpoch", len(it["curve"]))
        value = it["curve"][epoch - 1][plan["metric"]]
        study.add_trial(
            optuna.create_trial(params=it["settings"], distributions=distributions, value=value)
        )
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.25)
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


def main(plan_file, record_file):
    if sys.platform == "linux":
        # As by Ctrl-C, which Tune ends at with all kept.
        end_with_parent(signal.SIGINT)
    plan = json.loads(Path(plan_file).read_text())
    place = f"{plan['storage'].rstrip('/')}/{plan['name']}"
    try:
        claim_storage(place, plan["search"])
    except StorageError as error:
        Path(record_file).write_text(json.dumps({"refused": str(error)}))
        return
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if plan["address"]:
        ray.init(address=plan["address"], log_to_driver=False)
    else:
        ray.init(
            num_cpus=plan["cores"],
            include_dashboard=False,
            log_to_driver=False,
            _node_ip_address="127.0.0.1",
        )
    function = trainable(plan["fixed"], plan["coresPerTrial"])
    is_begun = tune.Tuner.can_restore(place)
    if is_begun and not plan["resume"]:
        raise ValueError(
            f"{place} has this search already; add --resume to go on with it, or give another --storage "
            "and --output"
        )
    if is_begun:
        tuner = tune.Tuner.restore(place, function)
    else:
        tuner = new_tuner(plan, function)
    results = tuner.fit()
    stopped = set()
    if os.path.exists(plan["rungs"]):
        stopped = pickle.loads(Path(plan["rungs"]).read_bytes())["stopped"]
    described = (describe(result, stopped, plan["coresPerTrial"]) for result in results)
    trials = [it for it in described if it is not None]
    record = {
        "trials": trials,
        "importance": importance(trials, plan),
        "versions": {"ray": ray.__version__, "optuna": optuna.__version__},
    }
    Path(record_file).write_text(json.dumps(record))
    ray.shutdown()


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (ConnectionError, ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
