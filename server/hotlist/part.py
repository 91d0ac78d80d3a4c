"""The card of HotlistService."""

from __future__ import annotations

from server.hotlist.settings import HotlistSettings
from server.part import Method, Part, Secret

_GROUP = "Hotlist"
SNAPSHOT = Method("SNAPSHOT", "bajar lista", 33, _GROUP, "SnapshotRequest")
SYNC = Method("SYNC", "seguir lista", 50, _GROUP, "SyncRequest")
GET_DEVICE_KEY = Method("GET_DEVICE_KEY", "pedir clave", 34, _GROUP, "GetDeviceKeyRequest")
REPORT_LOOK_UPS = Method("REPORT_LOOK_UPS", "entregar consultas", 35, _GROUP, "ReportLookUpsRequest")
# A look-up of a hot list, as its device reported it.
OFFLINE_LOOK_UP = Method(
    "OFFLINE_LOOK_UP", "consulta sin red", 36, request="OfflineLookUp", called=False, is_look_up=True
)
SECRET = Secret("hotlist.key", 32, "a hot-list secret")
HOTLIST = Part(
    name="hotlist",
    service="ronda.v1.HotlistService",
    contract="ronda.v1.hotlist_service_pb2",
    methods=(SNAPSHOT, SYNC, GET_DEVICE_KEY, REPORT_LOOK_UPS, OFFLINE_LOOK_UP),
    settings=HotlistSettings,
    handlers="server.hotlist.wiring",
    process="server.hotlist.supervised",
    secret=SECRET,
    databases=("hotlists/reports.db",),
    copied=("hotlists/reports.db",),
)
