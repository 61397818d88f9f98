"""Who may not: against a server whose keys are `AKIAALL` and, for looking only, `AKIALOOK`. Prints each code that was raised."""

import datetime

from botocore import UNSIGNED

everything, looking = client("AKIAALL", "all"), client("AKIALOOK", "look")
everything.create_target_group(Name="blue", Protocol="HTTP", Port=80, VpcId="vpc-1")
group = {"Name": "new", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1"}
assert [one["TargetGroupName"] for one in looking.describe_target_groups()["TargetGroups"]] == ["blue"]
refused("AccessDenied", "for reading only", looking.create_target_group, status=403, **group)
for who in (looking, everything):
    refused("TargetGroupNotFound", "not found", who.describe_target_groups, Names=["new"])
refused("MissingAuthenticationToken", "missing Authentication Token", client(signature_version=UNSIGNED).create_target_group,
        status=403, **group)
refused("InvalidClientTokenId", "security token", client("AKIANOBODY", "x").create_target_group, status=403, **group)
refused("SignatureDoesNotMatch", "The request signature we calculated does not match",
        client("AKIAALL", "wrong").create_target_group, status=403, **group)


def signed(time, scope):
    date = time.strftime("%Y%m%dT%H%M%SZ")
    credential = f"AKIAALL/{date[:8]}/{REGION}/{scope}"
    value = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    return {"Authorization": value, "X_Amz_Date": date}


now = datetime.datetime.now(datetime.timezone.utc)
body = form("CreateTargetGroup", "&Name=new&Protocol=HTTP&Port=80&VpcId=vpc-1")
for minutes, text in [(-16, "Signature expired"), (16, "Signature not yet current")]:
    time = now + datetime.timedelta(minutes=minutes)
    refused_raw("RequestExpired", text, body, **signed(time, "elasticloadbalancing/aws4_request"))
refused_raw("IncompleteSignature", "exactly 5 slash-delimited elements", body, **signed(now, "aws4_request"))
refused_raw("SignatureDoesNotMatch", "correct service", body, status=403, **signed(now, "s3/aws4_request"))
# Whoever guesses for long is answered no more.
for _ in range(30):
    try:
        client("AKIAGUESS", "x").describe_target_groups()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 429:
            break
refused("ThrottlingException", "too many failures", everything.describe_target_groups, status=429)
