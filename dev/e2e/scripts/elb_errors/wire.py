"""What no client of AWS sends. Prints each code that was raised."""

group = "&Name=new&Protocol=HTTP&Port=80&VpcId=vpc-1"
query = "InvalidQueryParameter"
refused_raw("MissingAction", "missing an action", "")
refused_raw("MissingAction", "missing an action", "Version=2015-12-01")
refused_raw("InvalidAction", "Could not find operation Brew for version 2015-12-01", form("Brew"))
refused_raw("InvalidAction", "for version 2011-11-15", form("DescribeTags", version="2011-11-15"))
refused_raw("InvalidAction", "NO_VERSION_SPECIFIED", "Action=DescribeTags")
refused_raw("InvalidAction", "CreateTrustStore", form("CreateTrustStore"))
for body, what in [
    (form("CreateTargetGroup", group + "&Name=%zz"), "a % without two digits"),
    (form("CreateTargetGroup", group + "&Name=%ff"), "not UTF-8"),
    (form("CreateTargetGroup", group + "&=x"), "no name"),
]:
    refused_raw("MalformedQueryString", what, body, status=404)
for rest, text in [
    ("&Colour=red", "The parameter Colour is not recognized by this action."),
    ("&Tags.member.1.Key=a&Tags.member.1.Color=b", "Tags.member.1.Color is not recognized"),
    ("&Name=again", "may not be given twice"),
    ("&a.b.c.d.e.f.g.h.i.j.k=1", "more than 10 parts"),
    ("".join(f"&k{n}=" for n in range(10_001)), "more than 10000 parameters"),
]:
    refused_raw(query, text, form("CreateTargetGroup", group + rest))
for rest, text in [
    ("&Tags=a", "must be a list"),
    ("&Matcher=200", "must be a structure"),
    ("&HealthCheckEnabled=1", "must be a boolean"),
    ("&HealthCheckPath.member.1=/", "must be a single value"),
]:
    refused_raw("ValidationError", text, form("CreateTargetGroup", group + rest))
# As the body, and as the query of a URL.
refused_raw("InvalidAction", "Could not find operation Brew", None, method="GET", path="/?" + form("Brew"))
# Refused by what it says of its length, before it comes.
refused_raw("ValidationError", "too long", None, status=413, Content_Length=str((1 << 20) + 1))
refused_raw("ValidationError", "type", form("CreateTargetGroup", group), status=415, Content_Type="application/json")
refused_raw("ValidationError", "type", form("CreateTargetGroup", group), status=415, Content_Encoding="gzip")
refused_raw("AccessDenied", "Host", form("CreateTargetGroup", group), status=421, Host="evil.example")
for field in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"User_Agent": "Mozilla/5.0"}):
    refused_raw("AccessDenied", "a browser sends this", form("CreateTargetGroup", group), status=403, **field)
