"""What the scripts of refusals share. Arguments: the admin address, and the file that no refused call may change."""

import http.client
import socket
import sys
import xml.etree.ElementTree as tree

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ADDRESS, FILE = sys.argv[1:3]
REGION = "eu-central-1"
ACCOUNT = "123456789012"
AWS = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"


def client(key="AKIATEST", secret="secret", service="elbv2", **more):
    # What boto3 would refuse itself is to be refused by the server.
    config = Config(retries={"max_attempts": 0}, parameter_validation=False, **more)
    return boto3.client(
        service, endpoint_url=f"http://{ADDRESS}", region_name=REGION, aws_access_key_id=key,
        aws_secret_access_key=secret, config=config,
    )


elb = client()


def content():
    with open(FILE, "rb") as file:
        return file.read()


def judge(before, wanted, status, text, error):
    """`error` is code, status and message."""
    assert error[0] == wanted, (wanted, error)
    assert error[1] == status, (wanted, error)
    assert text in error[2], (text, error)
    assert content() == before, f"the file has changed by what was refused with {error}"
    print(wanted, status)


def refused(code, text, call, status=400, **members):
    """A call of boto3 that is refused so."""
    before = content()
    try:
        answer = call(**members)
    except ClientError as error:
        response = error.response
        said = response["Error"]
        assert response["ResponseMetadata"]["RequestId"], response
        assert said["Type"] == ("Receiver" if status >= 500 else "Sender"), response
        judge(before, code, status, text, (said["Code"], response["ResponseMetadata"]["HTTPStatusCode"], said["Message"]))
    else:
        raise AssertionError(f"{code} was to be raised: {members}, {answer}")


def request(body, method="POST", path="/", **headers):
    """Status, code and message of an answer to what no client of AWS would send."""
    connection = http.client.HTTPConnection(ADDRESS, timeout=30)
    fields = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    fields.update((name.replace("_", "-"), value) for name, value in headers.items())
    connection.request(method, path, body, fields)
    response = connection.getresponse()
    root = tree.fromstring(response.read())
    names = {"e": root.tag.split("}")[0].strip("{")}
    assert root.tag.endswith("}ErrorResponse"), tree.tostring(root)
    assert root.find("e:RequestId", names).text == response.headers["x-amzn-RequestId"]
    part = lambda name: root.find(f"e:Error/e:{name}", names).text or ""
    return part("Code"), response.status, part("Message")


def refused_raw(code, text, body, status=400, **more):
    before = content()
    judge(before, code, status, text, request(body, **more))


def form(action, rest="", version="2015-12-01"):
    return f"Action={action}&Version={version}{rest}"
