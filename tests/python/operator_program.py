"""An operator's program: speaks SOAP through zeep, told what to do by one JSON object a line on standard input.

A line in:  {"operation": ..., "login": ..., "password": ..., "arguments": {...}}
A line out: {"answer": ...} or {"fault": {"code": ..., "message": ..., "detail": {exception: message}}}
"""

import json
import sys

import zeep
from zeep.helpers import serialize_object

NAMESPACE = "http://ossj.org/xml/TroubleTicket/v1-2"


def filled_in(value):
    """The value without what was not filled in, dates and numbers as text."""
    if isinstance(value, dict):
        return {name: filled_in(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [filled_in(one) for one in value]
    if isinstance(value, (str, bool, int)) or value is None:
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def detail_of(fault):
    """The exception that the detail of a fault names, with its message."""
    if fault.detail is None:
        return {}
    return {
        exception.tag.rpartition("}")[2]: "".join(exception.itertext())
        for wrapper in fault.detail
        for exception in wrapper
    }


def main():
    client = zeep.Client(sys.argv[1])
    header = client.get_element(f"{{{NAMESPACE}}}TroubleTicketHeaderRequest")
    for line in sys.stdin:
        asked = json.loads(line)
        credentials = header(LoginName=asked["login"], Password=asked["password"])
        try:
            operation = getattr(client.service, asked["operation"])
            answer = operation(**asked["arguments"], _soapheaders=[credentials])
            said = {"answer": filled_in(serialize_object(answer, dict))}
        except zeep.exceptions.Fault as fault:
            said = {"fault": {"code": fault.code, "message": fault.message, "detail": detail_of(fault)}}
        print(json.dumps(said), flush=True)


main()
