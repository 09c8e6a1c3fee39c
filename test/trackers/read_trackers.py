"""Reads what was exported with the trackers' own packages, and prints it as JSON: one object of paths on standard input.

NaN and infinities are printed as texts, since JSON has none.
"""

import glob
import gzip
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# MLflow reads its file store where this says so; it reports its use to nobody.
os.environ.update(MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")


def plain(value):
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def from_proto(value):
    return getattr(value, value.WhichOneof("kind"))


def tensorboard(folder):
    from tensorboard import context
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups
    from tensorboard.util import tensor_util

    runs = {}
    for path in glob.glob(os.path.join(folder, "*")):
        events = EventAccumulator(path, size_guidance={"scalars": 0, "tensors": 0})
        events.Reload()
        tags = events.Tags()
        runs[os.path.basename(path)] = {
            "scalars": {
                tag: [[each.step, each.value, each.wall_time] for each in events.Scalars(tag)]
                for tag in tags["scalars"]
            },
            "texts": {
                tag: tensor_util.make_ndarray(events.Tensors(tag)[0].tensor_proto).item().decode()
                for tag in tags["tensors"]
                if events.SummaryMetadata(tag).plugin_data.plugin_name == "text"
            },
        }
    # The table of hyperparameters, as the plugin's page asks for it.
    multiplexer = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(folder)
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, folder)
    plugin = backend_context.Context(base_plugin.TBContext(data_provider=provider, logdir=folder))
    request = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=1000,
        allowed_statuses=[api_pb2.STATUS_UNKNOWN, api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE, api_pb2.STATUS_RUNNING],
    )
    found = list_session_groups.Handler(context.RequestContext(), plugin, "", request).run()
    for group in found.session_groups:
        for session in group.sessions:
            runs[session.name].update(
                hparams={key: from_proto(value) for key, value in group.hparams.items()},
                status=api_pb2.Status.Name(session.status),
                start=session.start_time_secs,
                end=session.end_time_secs,
            )
    return runs


def store(place):
    return place if place.startswith("http") else f"file://{os.path.abspath(place)}"


def mlflow(place):
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient(store(place))
    runs = []
    for experiment in client.search_experiments(view_type=ViewType.ALL):
        for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL):
            metrics = {
                key: [[each.step, each.value, each.timestamp] for each in client.get_metric_history(run.info.run_id, key)]
                for key in run.data.metrics
            }
            runs.append(
                {
                    "experiment": experiment.name,
                    "name": run.info.run_name,
                    "status": run.info.status,
                    "start": run.info.start_time,
                    "end": run.info.end_time,
                    "params": run.data.params,
                    "tags": run.data.tags,
                    "metrics": metrics,
                    "artifacts": [each.path for each in client.list_artifacts(run.info.run_id)],
                }
            )
    return runs


def mlflow_begun(place, experiment):
    """A store that MLflow itself has begun, with a run of its own."""
    from mlflow import MlflowClient

    client = MlflowClient(store(place))
    run = client.create_run(client.create_experiment(experiment), run_name="its own")
    client.log_metric(run.info.run_id, "loss", 1.0, step=1)


def mlflow_last(place, ours, key):
    """The last step of a metric of one of our runs; 0 without it."""
    from mlflow import MlflowClient

    client = MlflowClient(store(place))
    found = client.search_runs([each.experiment_id for each in client.search_experiments()], f"tags.`adept.run` = '{ours}'")
    return max((each.step for run in found for each in client.get_metric_history(run.info.run_id, key)), default=0)


def mlflow_added(place):
    """What a person adds to exported runs: a tag and an artifact."""
    from mlflow import MlflowClient

    client = MlflowClient(store(place))
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id]):
            client.set_tag(run.info.run_id, "mine", "kept")
            client.log_text(run.info.run_id, "kept", "mine.txt")


class WandbServer(BaseHTTPRequestHandler):
    """Takes what "wandb sync" sends; it knows no more of W&B than that program needs to go on."""

    protocol_version = "HTTP/1.1"
    runs = {}
    uploads = {}

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass  # "wandb sync" has ended.

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while (size := int(self.rfile.readline(), 16)) > 0:
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(data) if self.headers.get("Content-Encoding") == "gzip" else data

    def answer(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def graphql(self, query, variables):
        data = {
            "viewer": {"id": "v", "entity": "e", "username": "u", "flags": "{}", "teams": {"edges": []}},
            "serverInfo": {"features": []},
            "model": {"bucket": None},
            "updateRun": {},
        }
        if "upsertBucket" in query:
            name = variables["name"]
            self.runs.setdefault(name, {"history": {}, "summary": {}, "files": {}}).update(
                {key: each for key, each in variables.items() if each is not None}
            )
            project = {"id": "p", "name": variables.get("project"), "entity": {"id": "e", "name": "e"}}
            data["upsertBucket"] = {
                "inserted": True,
                "bucket": {
                    "id": name,
                    "name": name,
                    "displayName": name,
                    "sweepName": None,
                    "historyLineCount": 0,
                    "logLineCount": 0,
                    "eventsLineCount": 0,
                    "historyTail": "[]",
                    "eventsTail": "[]",
                    "config": "{}",
                    "summaryMetrics": "{}",
                    "project": project,
                },
            }
        if "createRunFiles" in query:
            url = f"http://{self.headers['Host']}/upload/{variables['run']}/"
            files = [{"name": each, "uploadUrl": url + each} for each in variables["files"]]
            data["createRunFiles"] = {"runID": variables["run"], "uploadHeaders": [], "files": files}
        return {"data": data}

    def take(self):
        body = self.body()
        parts = self.path.strip("/").split("/")
        if parts[0] == "graphql":
            asked = json.loads(body)
            self.answer(self.graphql(asked["query"], asked.get("variables") or {}))
            return
        if parts[0] == "upload":
            self.runs[parts[1]]["files"]["/".join(parts[2:])] = body.decode()
        if parts[-1] == "file_stream":
            run, sent = self.runs[parts[-2]], json.loads(body)
            for name, part in (sent.get("files") or {}).items():
                if name == "wandb-history.jsonl":
                    for at, line in enumerate(part["content"]):
                        run["history"][part["offset"] + at] = json.loads(line)
                if name == "wandb-summary.json":
                    run["summary"] = json.loads(part["content"][-1])
            if sent.get("complete"):
                run["exit"] = sent.get("exitcode")
        self.answer({})

    do_GET = do_POST = do_PUT = take


def wandb(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), WandbServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    runs = sorted(glob.glob(os.path.join(os.path.abspath(folder), "wandb", "offline-run-*")))
    with tempfile.TemporaryDirectory() as home:
        own = {key: each for key, each in os.environ.items() if not key.startswith("WANDB_")}
        env = {
            **own,
            "HOME": home,
            "WANDB_BASE_URL": f"http://127.0.0.1:{server.server_port}",
            "WANDB_API_KEY": "0" * 40,
            "WANDB_CONFIG_DIR": home,
            "WANDB_CACHE_DIR": home,
            "WANDB_ERROR_REPORTING": "false",
        }
        command = [os.path.join(os.path.dirname(sys.executable), "wandb"), "sync", *runs]
        said = subprocess.run(command, env=env, cwd=home, timeout=100, capture_output=True, text=True)
    server.shutdown()
    if said.returncode != 0:
        raise RuntimeError(said.stdout + said.stderr)
    synced = [path for path in runs if glob.glob(os.path.join(path, "*.wandb.synced"))]
    return {"runs": WandbServer.runs, "synced": len(synced), "sent": said.stdout + said.stderr}


def table(path):
    import pandas

    frame = pandas.read_csv(path) if path.endswith(".csv") else pandas.read_parquet(path)
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    # A missing value is null, and a value that is no number stays one.
    columns = {}
    if path.endswith(".parquet"):
        import pyarrow.parquet

        columns = {
            name: [each.isoformat() if hasattr(each, "isoformat") else each for each in column]
            for name, column in pyarrow.parquet.read_table(path).to_pydict().items()
        }
    else:
        columns = {name: frame[name].tolist() for name in frame.columns}
    return {"types": types, "columns": columns}


KINDS = {
    "tensorboard": tensorboard,
    "mlflow": mlflow,
    "mlflow_begun": mlflow_begun,
    "mlflow_added": mlflow_added,
    "mlflow_last": mlflow_last,
    "wandb": wandb,
    "table": table,
}
for line in sys.stdin:
    kind, *arguments = json.loads(line)
    try:
        answer = KINDS[kind](*arguments)
    except Exception as error:  # The test says what went wrong.
        answer = {"error": f"{kind}: {error!r}"}
    print(json.dumps(plain(answer), allow_nan=False), flush=True)
