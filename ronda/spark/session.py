"""A Spark session with encrypted traffic between executors, after a check for Java and PySpark."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from typing import Any

from clients.agency.failures import EngineFailed

JAVA = 17  # the least that Spark 4 runs on
_OF_THIS_MACHINE = re.compile(r"local(-cluster)?(\[.*\])?\Z")
_IN_ONE_PROCESS = re.compile(r"local(\[.*\])?\Z")
_SETTINGS = {
    "spark.ui.enabled": "false",  # it would listen on every address
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",  # what ends a run is told in Spanish; executors write logs of their own
    "spark.io.encryption.enabled": "true",  # what is spilt to a disk names people
    "spark.sql.session.timeZone": "UTC",
}
_ALONE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
# Without a secret Spark does not start then: on YARN and Kubernetes it makes one, elsewhere spark-defaults.conf has it.
_OVER_A_NETWORK = {
    "spark.authenticate": "true",
    "spark.network.crypto.enabled": "true",
    "spark.network.crypto.cipher": "AES/GCM/NoPadding",
}


def open_session(master: str) -> Any:
    """A SparkSession. More settings: spark-defaults.conf in SPARK_CONF_DIR. Raises EngineFailed."""
    check_java()
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra
    except ImportError:
        raise EngineFailed("Falta PySpark: instale ronda[spark].", "settings") from None
    # Executors of this machine run this very Python; those of a cluster what PYSPARK_PYTHON says.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    alone = _OF_THIS_MACHINE.match(master)
    if alone:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master(master).appName("ronda clear")
    for name, value in (_SETTINGS | (_ALONE if alone else _OVER_A_NETWORK)).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as error:  # Java's, by way of py4j
        why = "falta spark.authenticate.secret" if "spark.authenticate.secret" in str(error) else type(error).__name__
        raise EngineFailed(f"No se pudo abrir Spark en {master}: {why}.", "settings") from None


def wait_for_executors(session: Any, master: str, seconds: float) -> None:
    """Waits for an executor: Spark itself waits for ever. Raises EngineFailed."""
    ends = time.monotonic() + seconds
    least = 1 if _IN_ONE_PROCESS.match(master) else 2  # the driver is counted as one too
    while len(session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) < least:
        if time.monotonic() >= ends:
            raise EngineFailed(f"Ningún ejecutor de Spark se presentó en {seconds:.0f} segundos.")
        time.sleep(0.2)


def check_java() -> None:
    """Raises EngineFailed: there is no Java, or one that is too old."""
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    version = 0
    if java:
        try:
            told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=30).stderr
        except (OSError, subprocess.TimeoutExpired):
            told = ""
        if found := re.search(r'version "(\d+)', told):
            version = int(found[1])
    if version < JAVA:
        has = f"la que hay es la {version}" if version else "no la hay"
        raise EngineFailed(
            f"Spark necesita Java {JAVA} o más nueva, y {has}: instale openjdk-{JAVA}-jre-headless.", "settings"
        )
