"""Validates SOAP answers with libxml2 against the schema inside the WSDL that is served.

The address of the WSDL is the only argument; the answer is standard input. Every fault is printed on a line.
"""

import sys
import urllib.request

from lxml import etree

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


def main():
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    wsdl = etree.fromstring(opener.open(sys.argv[1]).read())
    schema = wsdl.find(f"{WSDL}types/{XSD}schema")
    # Written out and read again, so that the prefixes declared above it are its own.
    schema = etree.XMLSchema(etree.fromstring(etree.tostring(schema)))
    answer = etree.fromstring(sys.stdin.buffer.read())
    (content,) = answer.find(f"{SOAP}Body")
    if content.tag == f"{SOAP}Fault":
        (content,) = content.find("detail")
    if not schema.validate(content):
        for fault in schema.error_log:
            print(fault.message)


main()
