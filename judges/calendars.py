"""CalDAV by the library `caldav`: a client that knows only HTTP Basic, with an app password.

    python calendars.py HOST ADDRESS PORT CA USER PASSWORD OTHER

Makes a calendar of USER, fills, searches and removes it; then shows what it may not:
another's calendar, a wrong password, and a name that it claims by a header itself.
Exit code: 0 all went well, 1 something didn't (said last).
"""

import datetime
import socket
import sys

import caldav
from caldav.lib.error import AuthorizationError

EVENT = {
    "dtstart": datetime.datetime(2026, 12, 1, 9, tzinfo=datetime.timezone.utc),
    "dtend": datetime.datetime(2026, 12, 1, 10, tzinfo=datetime.timezone.utc),
    "summary": "Vergadering à Gand",
}


def refused(what):
    try:
        what()
    except AuthorizationError:
        return
    raise AssertionError("it was let in")


def main(host, address, port, ca, user, password, other):
    # What the name resolves to is the only thing that isn't as on the internet.
    resolve = socket.getaddrinfo
    socket.getaddrinfo = lambda name, *rest, **more: resolve(
        address if name in (host, host.encode()) else name, *rest, **more
    )
    url = f"https://{host}:{port}"

    def client(password=password, headers=None):
        return caldav.DAVClient(
            url=url,
            username=user,
            password=password,
            ssl_verify_cert=ca,
            auth_type="basic",
            headers=headers or {},
        )

    with client() as dav:
        principal = dav.principal()
        assert principal.url.path.rstrip("/") == f"/{user}", principal.url
        calendar = principal.make_calendar(name="Werk")
        calendar.save_event(**EVENT)
        day = EVENT["dtstart"].replace(hour=0)
        found = calendar.search(start=day, end=day + datetime.timedelta(days=1), event=True)
        assert [it.icalendar_component["summary"] for it in found] == [EVENT["summary"]], found
        assert [it.url for it in principal.calendars()] == [calendar.url]
        calendar.delete()
        assert principal.calendars() == []
        refused(lambda: caldav.Calendar(client=dav, url=f"{url}/{other}/theirs/").save_event(**EVENT))
    with client(password[:-1] + ("A" if password[-1] != "A" else "B")) as dav:
        refused(dav.principal)
    with client(headers={"Remote-User": other, "Remote_User": other}) as dav:
        path = dav.principal().url.path.rstrip("/")
        assert path == f"/{user}", f"a client's own header was believed: {path}"
    print("all went well")


if __name__ == "__main__":
    main(*sys.argv[1:])
