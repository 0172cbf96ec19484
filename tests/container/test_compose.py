"""docker-compose.yml: valid, nothing open to the network that need not be, no secret, and Kibana gets its password."""

import base64
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
STORES = ("elasticsearch", "kibana")


def check_schema(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_follows_the_compose_specification() -> None:
    checked = check_schema(ROOT / "docker-compose.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_schema_refuses_what_compose_does_not_know(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(TEXT.replace("mem_limit:", "memory_limit:"))
    assert check_schema(wrong).returncode != 0


def test_stores_listen_on_loopback_only() -> None:
    for name in STORES:
        assert SERVICES[name]["ports"]
        assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_collector_is_on_the_hosts_network_with_its_page_on_loopback() -> None:
    collector = SERVICES["collector"]
    assert collector["network_mode"] == "host"
    assert "ports" not in collector
    assert collector["environment"]["FLOW_COLLECTOR_WEB"].startswith("127.0.0.1:")
    published = SERVICES["elasticsearch"]["ports"][0].rpartition(":")[0]
    assert collector["environment"]["FLOW_COLLECTOR_ELASTICSEARCH"] == f"http://{published}"


def test_collector_has_no_more_rights_than_it_needs() -> None:
    collector = SERVICES["collector"]
    assert collector["cap_drop"] == ["ALL"]
    assert collector["read_only"] is True
    assert "no-new-privileges:true" in collector["security_opt"]


def test_secrets_come_from_the_environment_only() -> None:
    secret = re.compile(r"PASSWORD|KEY|TOKEN|SECRET")
    found = [
        value for service in SERVICES.values() for name, value in service["environment"].items() if secret.search(name)
    ]
    assert found
    assert all(re.fullmatch(r"\$\{\w+:[?-][^}]*\}", value) for value in found)


def test_example_names_every_variable_and_holds_no_secret() -> None:
    example = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    defaults = dict(re.findall(r"\$\{(\w+):?-([^}]*)\}", TEXT))
    required = set(re.findall(r"\$\{(\w+):\?", TEXT))
    passed = set(SERVICES["collector"]["build"]["args"])
    assert set(example) == defaults.keys() | required | passed
    assert all(example[name] == "" for name in required)
    assert all(example[name] == default for name, default in defaults.items())


def test_collector_deletes_old_days_and_setup_tells_the_same() -> None:
    limits = ("FLOW_COLLECTOR_KEEP_DAYS", "FLOW_COLLECTOR_KEEP_GIB")
    collector, told = ([SERVICES[name]["environment"][limit] for limit in limits] for name in ("collector", "setup"))
    assert collector == told
    assert collector == ["${KEEP_DAYS-30}", "${KEEP_GIB:-}"]  # an empty KEEP_DAYS is empty there too: for ever


def test_real_passwords_stay_out_of_git_and_of_the_image() -> None:
    assert "/.env" in (ROOT / ".gitignore").read_text().splitlines()
    assert (ROOT / ".dockerignore").read_text().split("\n")[1] == "*"


def test_images_have_official_names_and_one_version() -> None:
    images = {SERVICES[name]["image"] for name in (*STORES, "kibana-password")}
    version = "${STACK_VERSION:-9.2.0}"
    assert images == {f"elasticsearch:{version}", f"kibana:{version}"}


def test_each_service_waits_for_what_it_needs() -> None:
    wanted = {
        "elasticsearch": {},
        "kibana-password": {"elasticsearch": "service_healthy"},
        "kibana": {"elasticsearch": "service_healthy", "kibana-password": "service_completed_successfully"},
        "collector": {"elasticsearch": "service_healthy"},
        "setup": {"elasticsearch": "service_healthy", "kibana": "service_healthy"},
    }
    found = {
        name: {other: wait["condition"] for other, wait in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    assert found == wanted
    assert all("healthcheck" in SERVICES[name] for name in STORES)
    assert all("mem_limit" in service for service in SERVICES.values())


class Elasticsearch(BaseHTTPRequestHandler):
    """Answers as Elasticsearch does while its security index is not ready, then as it does afterwards."""

    requests: list[tuple[str, str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.path, self.headers["Authorization"], body))
        self.send_response(503 if len(self.requests) == 1 else 200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def elasticsearch() -> Iterator[HTTPServer]:
    Elasticsearch.requests = []
    with HTTPServer(("127.0.0.1", 0), Elasticsearch) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed (apt-get install curl)")
def test_kibana_gets_its_password(elasticsearch: HTTPServer) -> None:
    service = SERVICES["kibana-password"]
    command = [part.replace("$$", "$") for part in service["entrypoint"]]
    environment = {
        "PATH": os.environ["PATH"],
        "ELASTICSEARCH": f"http://127.0.0.1:{elasticsearch.server_port}",
        "ELASTIC_PASSWORD": "first0",
        "KIBANA_PASSWORD": "second0",
    }
    assert environment.keys() - {"PATH"} == service["environment"].keys()
    subprocess.run(command, env=environment, check=True, timeout=60)
    path, authorization, body = Elasticsearch.requests[-1]
    assert len(Elasticsearch.requests) == 2
    assert path == "/_security/user/kibana_system/_password"
    assert base64.b64decode(authorization.removeprefix("Basic ")) == b"elastic:first0"
    assert json.loads(body) == {"password": "second0"}
