"""Requests that any generation answers, as bytes."""

from __future__ import annotations

from ronda.v1 import check_service_pb2, clearance_service_pb2

CUI = "1234567890101"  # valid, and on no synthetic file: NOT_FOUND is an answer
CUI_WRONG_DIGIT = "1234567880101"
CUI_WRONG_DEPARTMENT = "1234567899901"

QUESTION = check_service_pb2.CheckPersonRequest(cui=CUI).SerializeToString()
CLEAR_FIRST = clearance_service_pb2.ClearRequest(
    standard=clearance_service_pb2.CLEARANCE_STANDARD_WANTED
).SerializeToString()
CLEAR_BATCH = clearance_service_pb2.ClearRequest(row_ids=[7], cuis=[CUI]).SerializeToString()
