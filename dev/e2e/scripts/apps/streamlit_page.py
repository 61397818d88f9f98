"""Leads a real Chromium (`chromium.py`) through Streamlit's page: clicks, and a file. Tells how it went, as JSON.

Arguments: the address, and how many people come one after the other.
"""

import json
import os
import sys
import tempfile

URL, PEOPLE = sys.argv[1] + "/", int(sys.argv[2])

# Waits until the page says something of that form, and returns its parts.
SAID = """
    const wanted = new RegExp(%s);
    return await new Promise((done, fail) => {
        const look = () => wanted.exec(document.body.innerText);
        if (look()) return done(look());
        const observer = new MutationObserver(() => look() && (observer.disconnect(), done(look())));
        observer.observe(document, { subtree: true, childList: true, characterData: true });
        setTimeout(() => fail(new Error(`not said: ${wanted}: ${document.body.innerText}`)), 25000);
    });
"""


def said(page, pattern):
    return page.run(SAID % json.dumps(pattern))


def use(page, file):
    """The name of the instance that served a person from the first click to the file."""
    page.visit(URL)
    home = said(page, r"Served by (\w+)\.")[1]
    # The last that the page shows, its parts come one by one.
    said(page, "Upload")
    for click in range(1, 4):
        page.run("document.querySelector('[data-testid=stButton] button').click()")
        said(page, rf"{home}: click {click}\.")
    document = page.ask("DOM.getDocument")["root"]["nodeId"]
    chooser = page.ask("DOM.querySelector", nodeId=document, selector="input[type=file]")["nodeId"]
    page.ask("DOM.setFileInputFiles", nodeId=chooser, files=[file])
    # What the uploader says itself when another instance got the file is an error with a status.
    size = said(page, rf"{home} has note\.txt: (\d+) bytes|status code (\d+)|(\d\d\d) error")
    if size[1] != str(os.path.getsize(file)):
        raise AssertionError(f"upload: {size[0]}")
    said(page, rf"{home}: click 3\.")
    return home


outcome = {"homes": {}, "failures": []}
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
    note = os.path.join(folder, "note.txt")
    with open(note, "w") as file:
        file.write("remember\n" * 20_000)
    profile = os.path.join(folder, "profile")
    os.mkdir(profile)
    with Chromium(profile, "allow") as chromium:
        for _ in range(PEOPLE):
            try:
                home = use(Page(chromium), note)
                outcome["homes"][home] = outcome["homes"].get(home, 0) + 1
            except AssertionError as failure:
                outcome["failures"].append(str(failure))
print(json.dumps(outcome))
