"""The verdict for programs, as JSON."""

import json
from typing import Any

from keyfob_contract.report.findings import Report, ShownCheck, ShownExchange
from keyfob_contract.run.matrix import CellCoverage, Coverage
from keyfob_contract.run.results import Verdict


def rendered(report: Report) -> str:
    """Answer the JSON text."""
    document = {
        "verdict": report.verdict,
        "exitCode": report.exit_code,
        "subject": report.subject,
        "contract": report.contract,
        "part": report.part or None,
        "kit": report.version,
        "seed": report.seed,
        "startedAt": report.started_at,
        "seconds": round(report.seconds, 3),
        "exchanges": report.exchanges,
        "counts": {_camel(verdict): len(report.of(verdict)) for verdict in Verdict},
        "checks": [_check(check) for check in report.checks],
        "coverage": {
            "counts": {_camel(each): report.count(each) for each in Coverage},
            "cells": [_cell(cell) for cell in report.cells],
        },
        "doubts": report.doubts,
        "mark": report.mark,
        "leftovers": report.leftovers,
        "summary": report.summary,
        "variables": report.variables,
    }
    return json.dumps(document, indent=2) + "\n"


def _check(check: ShownCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "group": check.group,
        "sentence": check.sentence,
        "verdict": check.verdict,
        "reason": check.reason or None,
        "seconds": round(check.seconds, 3),
        "exchanges": check.exchanges,
        "complaints": [
            {
                "text": complaint.text,
                "times": complaint.times,
                "evidence": [_exchange(each) for each in complaint.evidence],
            }
            for complaint in check.complaints
        ],
    }


def _exchange(exchange: ShownExchange) -> dict[str, Any]:
    return {
        "asked": exchange.asked,
        "answered": exchange.answered,
        "curl": exchange.command,
        "reply": exchange.reply,
    }


def _cell(cell: CellCoverage) -> dict[str, Any]:
    return {
        "operationId": cell.operation_id,
        "status": cell.status,
        "credential": cell.credential,
        "coverage": cell.coverage,
        "times": cell.times,
        "reason": cell.reason or None,
    }


def _camel(words: str) -> str:
    first, *rest = words.split()
    return first + "".join(word.capitalize() for word in rest)
