"""Every code that this room can emit. E stops, W and I are told and go on; `azbackup explain CODE` prints an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """`rule` is what holds, `source` is where that is known from, `remedy` is what to do in general."""

    code: str
    title: str
    rule: str
    source: str
    remedy: str


_YAML = "YAML 1.2"
_LANGUAGE = "the spec language"
_TEXT = "bad-input catalogue, bytes and encoding"
_ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    ("E100", "more errors than are shown", "at most 100 errors are shown", _LANGUAGE, "fix the ones above first"),
    # Bytes and text
    ("E101", "not UTF-8", "spec files are UTF-8", _TEXT, "save the file as UTF-8"),
    ("E102", "UTF-16 or UTF-32 file", "spec files are UTF-8", _TEXT, "save the file as UTF-8"),
    ("I103", "byte order mark", "UTF-8 needs no byte order mark", _TEXT, "save without BOM; it is ignored"),
    ("E104", "control character", "text holds no control characters", _TEXT, "delete it"),
    ("E105", "escape makes a hidden character", "an escape may not make what may not be written", _TEXT, "delete it"),
    ("E106", "invisible line break", "lines end with LF or CRLF only", _TEXT, "delete it, or use a plain line end"),
    ("E107", "invisible character", "what is read is what is seen", _TEXT, "delete it"),
    ("E108", "space that is no plain space", "YAML separates by plain spaces only", _TEXT, "use a plain space"),
    ("E109", "look-alike letters in a key", "keys are ASCII letters", _TEXT, "type the key again"),
    ("E110", "lone surrogate", "half a character pair is no character", _TEXT, "delete the escape"),
    ("E111", "too large", "a file has at most 32 MiB, 4,000,000 values and 64 Ki characters a line", _TEXT,
     "split it into several files of one folder"),
    ("E112", "no document", "a spec file holds one mapping that starts with apiVersion", _LANGUAGE,
     "start with `apiVersion: azbackup/v1`"),
    ("E113", "no readable file", "a spec is made of regular files that can be read", _LANGUAGE,
     "check the path and its permissions"),
    # YAML
    ("E201", "directive", "directives change how YAML is read", _YAML, "delete the line"),
    ("E202", "duplicate key", "a key stands once in its mapping; only-case differences count as the same", _YAML,
     "delete or rename one of them"),
    ("E204", "key is no plain text", "keys are text", _YAML, "put the key in quotes, or write a text key"),
    ("E205", "tab", "YAML is indented and separated by spaces", _YAML, "use two spaces"),
    ("E206", "anchor, alias or merge key", "what is written once is meant once; aliases can explode", _YAML,
     "write the value out; quote a text that starts with * or &"),
    ("E207", "nested too deeply", "20 levels are more than the language has", _LANGUAGE, "close the brackets earlier"),
    ("E208", "tag", "the spec language gives every value its type", _YAML, "delete the word that starts with !"),
    ("E209", "several documents", "a file holds one document", _LANGUAGE, "use a file for each document"),
    ("E210", "quote or bracket left open", "what is opened must be closed", _YAML, "close it, or quote the whole value"),
    ("E211", "a colon where no key may stand", "`: ` in a value must be quoted", _YAML,
     'put the value in quotes, as in "a: b", or check the indentation'),
    ("E212", "character that can't start a value", "@, `, %, * and & and closing brackets can't start a plain value", _YAML,
     "put the value in quotes"),
    ("E213", "structure", "the lines do not fit together", _YAML,
     "align keys of one mapping, and items of one list, in one column; end every key with a colon"),
    ("E214", "unknown escape", 'only the escapes of YAML may follow a backslash in "…"', _YAML,
     "double the backslash, or use single quotes"),
    # Values
    ("E301", "no time", "times are HH:MM", _LANGUAGE, 'write hours and minutes, as in "23:00"'),
    ("E302", "no boolean", "booleans are true and false (YAML 1.2)", _YAML, "write true or false"),
    ("E303", "no plain decimal number", "numbers are plain decimal integers", _LANGUAGE,
     "write digits only: no leading zero, sign, fraction, exponent or underscore"),
    ("E304", "null", "left out means: not managed; null means nothing here", _LANGUAGE,
     "write a value, or delete the key; quote the word if it is a name"),
    ("E305", "no date", "dates are YYYY-MM-DD and exist", _LANGUAGE, "write a date as in 2026-12-01"),
    ("E306", "not a number one can count with", "numbers are finite and of at most 18 digits", _LANGUAGE,
     "write a plain decimal integer"),
    ("E307", "text where a number is due", "numbers are plain decimal integers without unit or quotes", _LANGUAGE,
     "write digits only"),
    ("E308", "value missing", "a key without a value is not a default", _LANGUAGE, "write a value, or delete the key"),
    ("E309", "wrong kind of value", "each key takes one kind of value", _LANGUAGE, "see docs/reference/spec.md"),
    ("E310", "not one of the words", "the key takes one of a few words", _LANGUAGE, "write one of the words"),
    ("E311", "empty", "a list or text that is written says something", _LANGUAGE, "fill it, or delete the key"),
    ("E312", "text too long or of the wrong form", "texts have a limit and a form", _LANGUAGE, "see docs/reference/spec.md"),
    # Keys
    ("I401", "rest of the line is a comment", "` #` starts a comment in YAML", _YAML,
     "put the text in quotes if # belongs to it"),
    ("E401", "unknown key", "only the keys of the language are read", _LANGUAGE, "see docs/reference/spec.md"),
    ("E402", "key missing", "some keys are required", _LANGUAGE, "write it"),
    ("E403", "keys that do not go together", "exactly one of several forms is written", _LANGUAGE, "keep one of them"),
    # Names and references
    ("E501", "name not allowed", "names come from an allow-list per ARM type, so that none can address another resource",
     "backup-rules B.1, C.7, I.1, I.2", "use the allowed letters"),
    ("E502", "no reference", "a VM, network security group or firewall is written GROUP/NAME or as its whole ARM id",
     _LANGUAGE, "write the resource group and the name, as in rg-app/vm-web-01"),
    ("E503", "VM of another subscription", "vault and VM share the subscription", "backup-rules A.1",
     "use a vault of the VM's subscription"),
    ("E504", "no subscription id", "a subscription is a GUID, and not the empty one", "backup-rules A.1",
     "copy it from `az account show`"),
    ("E505", "same resource twice", "names compare without case; a resource is described once", "backup-rules A.1",
     "delete one of them"),
    ("E506", "tags", "at most 50 tags; names of 1 to 512 characters without < > % & \\ ? /, values of at most 256",
     "backup-rules B.1", "shorten or remove tags"),
    ("E507", "no region name", "regions are written as ARM writes them", "backup-rules A.1", "write it as in westeurope"),
    ("E601", "VM twice", "a VM is backed up to one vault by one policy", "backup-rules A.1, I.14", "keep one of them"),
    ("E602", "policy not defined", "a policy belongs to one vault and is defined there", "backup-rules C.7",
     "define it under `policies:` of this vault"),
    ("E603", "egress not defined", "a way out is described once, in any file of the spec", "backup-rules D.1",
     "define it under `egress:`, or delete the key: VMs with managed disks need no way out"),
    ("I604", "nothing to protect", "an empty list protects nothing, and removes nothing", _LANGUAGE, "delete the key"),
    ("E605", "policy missing", "a protected VM has a policy", "backup-rules C.7", "write `policy: NAME`"),
    ("E606", "state with a selector", "stopping and deleting are said of one VM by name", _LANGUAGE,
     "write `vm: GROUP/NAME` for each VM whose backup shall stop"),
    ("E607", "selector without criteria", "all VMs of a subscription are meant only when written so", _LANGUAGE,
     "write `select: all`, or give criteria"),
    ("I609", "key without effect", "policy, initialBackup, disks, egress and agent count for protected VMs only",
     _LANGUAGE, "it is ignored while the state is not protected"),
    ("I610", "egress without effect", "an egress is for VMs that name it, and manages what it names", _LANGUAGE,
     "name it in the entries of the VMs, or delete it"),
    ("I611", "egress of a VM is to be removed", "`state: absent` takes the way out away from the VMs that use it, and undoes "
     "their guests' settings", "backup-rules D.1; change taxonomy NET-04",
     "once it is applied, delete the egress and the keys that name it"),
    ("E701", "looks like a credential", "specs are committed: nothing in them is secret", "security requirement S-08",
     "delete it, and change the credential"),
    ("E702", "endpoint in a spec", "where requests go is no matter of the spec", "security requirement S-02",
     "use --cloud or --endpoint on the command line"),
    ("E703", "script in a spec", "texts of a spec are never run", "change taxonomy GST-03", "delete the key"),
    # Azure's rules: vaults
    ("E801", "soft delete days", "soft delete keeps data for 14 to 180 days", "backup-rules B.3, I.12",
     "write 14 to 180"),
    ("E803", "cross region restore needs GRS", "only geo-redundant vaults restore across regions", "backup-rules B.2",
     "write `replication: GRS`, or leave crossRegionRestore out"),
    ("I804", "needs consent", "what can't be undone needs a consents entry, and --allow when it is applied",
     "backup-rules I.13; change taxonomy VLT-10, -13, -17, -20, ITM-10",
     "the plan says which consent is needed, if the change is still to be made"),
    ("E818", "soft delete off", "deleted backups must stay recoverable; the service enforces soft delete",
     "backup-rules B.3, wire-facts 2.1", "write `state: enabled` or `state: alwaysOn`"),
    # Azure's rules: policies
    ("E802", "retention out of range", "daily 7 to 9999 days, weekly 1 to 5163, monthly 1 to 1188, yearly 1 to 99",
     "backup-rules C.3, I.7", "write a number of that range"),
    ("E805", "time not allowed", "backups start on the hour or half hour, 00:00 to 23:30", "backup-rules C.2, I.3",
     'write HH:00 or HH:30, as in "23:00"'),
    ("E806", "unknown time zone", "zones are IANA or Windows names", "backup-rules C.2, I.4",
     "write a name as in Europe/Madrid"),
    ("W807", "time that a clock change skips", "a wall-clock time in the gap does not exist on that day",
     "backup-rules C.2", "choose another time, or `timeZone: UTC`"),
    ("E808", "retention that does not fit the schedule",
     "a daily or hourly schedule has daily retention, a weekly one weekly and no daily; listed days exist",
     "backup-rules C.3, I.6", "make retention fit the schedule"),
    ("E809", "more than a vault takes", "a vault takes at most 1,000 VMs and 200 policies",
     "backup-rules B.1, C.7, I.15", "use another vault"),
    ("W810", "many VMs on a policy", "at most 100 VMs should share a policy", "backup-rules C.7, I.15",
     "split them over policies whose times differ"),
    ("E811", "hourly schedule", "interval 4, 6, 8, 12 or 24 hours; window 4 to 24 hours and a multiple of it",
     "backup-rules C.2, I.5", "choose an allowed pair, as in intervalHours: 4, windowHours: 12"),
    ("E812", "weekly shape", "with a weekly schedule, weekly retention names the schedule's days, and monthly and "
     "yearly points are given by week and weekday", "backup-rules C.3, I.6", "name the same weekdays"),
    ("E813", "days of the month", "points are chosen by week and weekday or by day number, never both, and every "
     "listed week counts for every listed weekday", "backup-rules C.3, I.9", "write one form only"),
    ("E814", "archive", "enhanced policies with monthly or yearly retention of at least 9 months; points move at 3 "
     "months or older", "backup-rules C.6, I.10", "lengthen the retention, or write `archive: never`"),
    ("E815", "snapshot group name", "letters, digits, . _ - ( ); no trailing dot; at most 74 with the number",
     "backup-rules A.6, I.11", "shorten or rename it"),
    ("E816", "snapshot days", "standard 1 to 5 (weekly exactly 5); enhanced 1 to 30 (weekly 5 to 20, every 4 h at "
     "most 17, every 6 h at most 22); fewer than the retention in the vault", "backup-rules C.4, I.8; wire-facts 4.2",
     "write fewer days"),
    ("E817", "needs the enhanced tier", "hourly schedules, crash-consistent backups and archive need an enhanced policy",
     "backup-rules C.1, I.5", "write `tier: enhanced`"),
    ("E819", "too many recovery points", "a VM keeps at most 9,999 recovery points", "backup-rules C.3, I.7",
     "shorten the retention"),
    ("W820", "many changes in a day", "a vault takes at most 1,000 changes of protection a day", "backup-rules B.1, I.15",
     "apply parts on several days, with --target"),
    ("W821", "interval of 24 hours", "the documents name 24 hours, other tools refuse it", "backup-rules C.2, K.4",
     "write `every: day`"),
    ("W822", "archive with a weekly schedule", "the service was seen refusing it", "backup-rules C.6, I.10",
     "use a daily schedule, or write `archive: never`"),
    ("I823", "zone with clock changes", "the service does not follow clock changes: the backup shifts by an hour",
     "backup-rules C.2, I.4", "write `daylightSaving: follow` to keep the wall-clock time"),
    ("W824", "snapshot days for 8 hours", "no limit is stated for an 8-hour interval; 22 days are known for 6 hours",
     "backup-rules C.4", "write at most 22"),
    ("W825", "weekday without a backup", "a weekly schedule makes points on its own weekdays only", "backup-rules C.3",
     "name a weekday of the schedule"),
    # Azure's rules: VMs
    ("E828", "disks", "data disks have LUNs 0 to 63; the OS disk is never excluded", "backup-rules A.4",
     "list data disks by LUN"),
    ("E829", "retention of the first backup", "a recovery point is kept for 1 to 9999 days", "backup-rules C.3",
     "write a number of that range"),
    # Azure's rules: networks
    ("E830", "no address of a proxy", "a proxy is named by the IPv4 address that it has in its virtual network",
     "backup-rules D.2", "write an address as in 10.0.0.5"),
    ("E831", "no port", "TCP ports are 1 to 65535", "backup-rules D.2", "write a number of that range"),
    ("E832", "no source network", "sources are IPv4 networks of /8 to /32 without host bits: a wider one is not one's own",
     "backup-rules D.2; change taxonomy NET-02, NET-09", "write a network as in 10.0.0.0/16"),
    ("E833", "credentials for a proxy", "backup does not work through a proxy that authenticates, and specs hold no secrets",
     "backup-rules D.2; security requirement S-08", "delete them, and let the proxy take these VMs without"),
    # Files
    ("E852", "symbolic link that leaves the folder", "a folder is read without leaving it", "security requirement S-12",
     "put the file itself into the folder"),
    ("E853", "too many files", "a spec has at most 500 files", "bad-input catalogue, paths", "join files"),
    ("E854", "no files", "a folder of a spec holds .yaml or .yml files", "bad-input catalogue, paths",
     "check the path"),
    ("E855", "file names that are the same elsewhere", "some systems do not tell case or Unicode forms apart",
     "bad-input catalogue, paths", "rename one of them"),
    # Consents
    ("E901", "consent not usable", "a consent names one address and one change, and ends within 14 days",
     "change taxonomy, level C3", "review it and write it anew"),
)  # fmt: skip

CODES: Mapping[str, CodeEntry] = MappingProxyType({row[0]: CodeEntry(*row) for row in _ROWS})
