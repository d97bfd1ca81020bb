import http.client, json, os, signal, socket, sys, tempfile, time, urllib.parse

def socket_path():
    base = os.getenv("XDG_RUNTIME_DIR")
    base = f"{base}/devagent" if base else f"{tempfile.gettempdir()}/devagent-{os.getuid()}"
    return f"{os.getenv('AGENT_RUNTIME_DIR') or base}/{os.getenv('AGENT_NAME') or 'default'}.sock"

def events(**query):
    while True:
        try:
            connection = http.client.HTTPConnection("localhost")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(40)  # the agent says something every 15 s
            connection.sock.connect(socket_path())
            connection.request("GET", "/v1/events?" + urllib.parse.urlencode(query, doseq=True))
            answer = connection.getresponse()
            if answer.status != 200:
                sys.exit(f"the agent refuses: {answer.read().decode()}")
            for event in map(json.loads, filter(bytes.strip, answer)):
                query["since"] = event.get("cursor", query.get("since"))
                yield event
        except (OSError, ValueError, http.client.HTTPException):
            time.sleep(0.5)  # it stopped, or was not there: it may come back

signal.signal(signal.SIGINT, signal.SIG_DFL)
for event in events(topic="file", name="follow.py"):
    if event["type"] == "gap" and event["reason"] != "recrawl":
        print("missed some: look at all files again", flush=True)
    for change in event.get("changes", []):
        print(change["event"], f"{event['root']}/{change['path']}", flush=True)
