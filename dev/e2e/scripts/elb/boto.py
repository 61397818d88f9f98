"""A client of AWS's APIs: does what standard input says, a JSON object a line, and prints what came of it, likewise."""
import datetime
import json
import sys

import boto3
import botocore.auth
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

settings = json.loads(sys.argv[1])
# A wait is for what happens at once or with the next health check; half a minute is for slow machines.
PATIENT = {"Delay": 1, "MaxAttempts": 30}

if behind := settings.get("seconds_behind"):
    honest = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda *args, **kw: honest(*args, **kw) - datetime.timedelta(seconds=behind)

client = boto3.client(
    settings["service"],
    endpoint_url=settings["url"],
    region_name=settings["region"],
    aws_access_key_id=settings["key"],
    aws_secret_access_key=settings["secret"],
    aws_session_token=settings.get("token"),
    config=Config(
        signature_version=UNSIGNED if settings.get("unsigned") else None,
        retries={"total_max_attempts": 1},
        connect_timeout=10,
        read_timeout=30,
        proxies={},
    ),
)


def do(asked):
    given = asked["with"]
    match asked["do"]:
        case "wait":
            return client.get_waiter(asked["name"]).wait(WaiterConfig=PATIENT, **given)
        case "presign":
            return client.generate_presigned_url(asked["name"], Params=given, ExpiresIn=60, HttpMethod="GET")
        case "call":
            answer = getattr(client, asked["name"])(**given)
            del answer["ResponseMetadata"]
            return answer


for line in sys.stdin:
    try:
        said = {"done": do(json.loads(line))}
    except ClientError as refused:
        error = refused.response["Error"]
        status = refused.response["ResponseMetadata"]["HTTPStatusCode"]
        said = {"code": error["Code"], "message": error["Message"], "status": status, "class": type(refused).__name__}
    except WaiterError as gone:
        said = {"code": "WaiterError", "message": str(gone), "status": 0, "class": type(gone).__name__}
    print(json.dumps(said, default=str), flush=True)
