"""The card of AlertService."""

from __future__ import annotations

from server.part import Method, Part

SUBSCRIBE = Method("SUBSCRIBE", "recibir avisos", 48, "Recall", "SubscribeRequest", by_recall_token=True)
ACKNOWLEDGE = Method("ACKNOWLEDGE", "acusar avisos", 49, "Recall", "AcknowledgeRequest", by_recall_token=True)
LIST_AWAITED = Method("LIST_AWAITED", "avisos por SMS que esperan", 51, request="ListAwaitedRequest", by_gateway=True)
RECALL = Part(
    name="recall",
    service="ronda.v1.AlertService",
    contract="ronda.v1.alert_service_pb2",
    methods=(SUBSCRIBE, ACKNOWLEDGE, LIST_AWAITED),
    handlers="server.recall.wiring",
    process="server.recall.supervised",
    databases=("recall/recall.db",),
    copied=("recall",),
)
