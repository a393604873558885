"""What the generated documents are about: ten households' topics, and the sentences that any of them fills."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """`things` are countable nouns with their article left out, `acts` finish "someone must …"."""

    name: str
    things: tuple[str, ...]
    acts: tuple[str, ...]
    places: tuple[str, ...]
    troubles: tuple[str, ...]
    unit: str


TOPICS = (
    Topic(
        "File server",
        ("storage pool", "scrub", "snapshot", "replacement disk", "parity stripe", "file share", "quota", "fan"),
        ("replace the oldest disk", "thin out snapshots", "verify checksums", "grow the pool", "label the bays"),
        ("bay 2", "the cupboard under the stairs", "the shelf in the study", "the lower rack"),
        (
            "checksum errors appear",
            "the array is degraded",
            "the fan stops",
            "a rebuild takes longer than a night",
        ),
        "TB",
    ),
    Topic(
        "Home network",
        (
            "access point",
            "patch panel",
            "VLAN",
            "managed switch",
            "firewall rule",
            "name server",
            "mesh node",
            "uplink",
        ),
        ("renew the certificate", "trace the cable", "separate guests from sensors", "update the firmware"),
        ("the attic", "the distribution box", "the garage wall", "the landing"),
        ("packets are lost", "the lease expires early", "a loop floods the switch", "roaming takes seconds"),
        "Mbit/s",
    ),
    Topic(
        "Solar roof",
        (
            "inverter",
            "string of panels",
            "battery module",
            "feed-in meter",
            "optimiser",
            "surge arrester",
            "cable duct",
        ),
        ("clean the panels", "read the meter", "tighten the clamps", "compare the yield with last year"),
        ("the south roof", "the cellar wall", "the carport", "the meter cabinet"),
        ("the inverter reports an insulation fault", "snow covers a string", "the battery stays at 10 %"),
        "kWh",
    ),
    Topic(
        "Vegetable garden",
        (
            "raised bed",
            "drip line",
            "compost heap",
            "seed tray",
            "rain barrel",
            "cold frame",
            "soil probe",
            "bean pole",
        ),
        ("sow the second row", "flush the drip lines", "turn the compost", "thin out carrots", "empty the barrel"),
        ("the bed by the fence", "the greenhouse", "the north corner", "the slope behind the shed"),
        ("slugs come after rain", "leaves turn yellow", "the pump runs dry", "frost is forecast in May"),
        "litres",
    ),
    Topic(
        "Bicycle workshop",
        (
            "bottom bracket",
            "chain gauge",
            "brake caliper",
            "wheel truing stand",
            "spoke key",
            "freewheel",
            "headset",
        ),
        (
            "true the rear wheel",
            "bleed the brakes",
            "grease the bearings",
            "measure the chain",
            "replace the cassette",
        ),
        ("the bench", "the wall of tools", "the back yard", "the drawer marked B"),
        ("the chain skips on the small sprocket", "a spoke breaks", "the brake lever feels soft"),
        "mm",
    ),
    Topic(
        "Bread and brewing",
        (
            "sourdough starter",
            "proofing basket",
            "fermentation vessel",
            "hydrometer",
            "mash tun",
            "rye flour",
            "oven stone",
        ),
        ("feed the starter", "sanitise the vessel", "note the gravity", "shape the loaves", "rest the dough"),
        ("the pantry", "the cool cellar", "the kitchen table", "the top shelf of the oven"),
        ("fermentation stops early", "the crumb stays wet", "the airlock runs dry", "the crust tears at the side"),
        "g",
    ),
    Topic(
        "Photo archive",
        ("negative sleeve", "scanner bed", "colour profile", "raw file", "contact sheet", "face index", "caption"),
        (
            "scan the slides",
            "write captions",
            "calibrate the screen",
            "remove duplicates",
            "name the people shown",
        ),
        ("the album of 1987", "the box from Aunt Irma", "the light table", "the folder of unsorted pictures"),
        ("dust shows on every scan", "dates are off by one hour", "two copies differ by a few bytes"),
        "MB",
    ),
    Topic(
        "Housing association",
        (
            "service charge",
            "reserve fund",
            "quotation",
            "majority vote",
            "rain gutter",
            "lift contract",
            "annual statement",
        ),
        (
            "ask for three quotations",
            "invite all owners",
            "renew the insurance",
            "read the heat meters",
            "pay the invoice",
        ),
        ("the meeting room", "staircase B", "the underground car park", "the notice board"),
        (
            "the gutter overflows",
            "the quorum is missed",
            "a tenant disputes the statement",
            "the lift stands still",
        ),
        "euros",
    ),
    Topic(
        "Weather station",
        (
            "rain gauge",
            "anemometer",
            "radiation shield",
            "data logger",
            "soil thermometer",
            "barometer",
            "lightning sensor",
        ),
        (
            "level the gauge",
            "compare with the airport",
            "replace the batteries",
            "remove spider webs",
            "export the month",
        ),
        ("the mast in the meadow", "the gable", "the instrument shelter", "the gauge by the pond"),
        ("the rain gauge is blocked", "readings jump by ten degrees", "the radio link drops at night"),
        "hPa",
    ),
    Topic(
        "Model railway",
        (
            "turnout motor",
            "block detector",
            "signal decoder",
            "catenary mast",
            "fiddle yard",
            "track bus",
            "rolling stock",
        ),
        (
            "clean the rails",
            "address the decoders",
            "solder the feeder wires",
            "oil the gears",
            "ballast the siding",
        ),
        ("the helix", "the branch line", "the harbour module", "the panel below the station"),
        (
            "a locomotive stalls on the turnout",
            "the booster trips",
            "a block stays occupied",
            "the signal shows red",
        ),
        "mA",
    ),
)

OPENINGS = (
    "In {month} {year} the {thing} was looked at again.",
    "The {thing} stands in {place}, as it has since {month} {year}.",
    "Most of what follows concerns the {thing} and the {other}.",
    "This part replaces the notes of {month} {year} about the {thing}.",
    "Two things were decided about the {thing} in {month}.",
)

SENTENCES = (
    "The {thing} was measured at {number} {unit}, which is {less} than the {number2} {unit} of {month}.",
    "Before anyone touches the {thing}, {person} has to {act}.",
    "When {trouble}, look at the {thing} first and at the {other} only afterwards.",
    "{person} proposed to {act} every {count} weeks, and nobody objected.",
    "A new {thing} costs about {price} euros and was ordered from {town} on {day} {month}.",
    "It took {person} {count} hours to {act}, mostly because the {other} was in the way.",
    "The old {other} goes to {place}; its label says {code}.",
    "If {trouble} twice in one week, write it down with the date and tell {person}.",
    "Nothing about the {thing} is urgent, but the {other} should not wait beyond {month} {year}.",
    "The manual says that the {thing} wants attention after {number} {unit} or {count} months.",
    "We tried it without the {other} for {count} days; {trouble} on the second one.",
    "The settings were {number} {unit} by day and {number2} {unit} at night.",
    "{person} keeps the spare {thing} in {place}, beside the {other}.",
    "Compared with {year}, the {thing} needs {percent} % less care since somebody remembers to {act}.",
    "Part number {code} fits; {code2} looks alike and does not.",
    "The {number} {unit} of {day} {month} are doubtful: the {other} had just been moved to {place}.",
    "It is enough to {act} once in spring and once in autumn.",
    "As soon as {trouble}, the quickest remedy is to {act}; it holds for about {count} days.",
    "The agreement with the firm in {town} ends on {day} {month} {year} and costs {price} euros a year.",
    "Children may watch, but only {person} may {act}.",
)

HEADINGS = (
    "The {thing}",
    "How to {act}",
    "When {trouble}",
    "What changed in {year}",
    "{place}: what is where",
    "Measurements of {month} {year}",
    "Costs and suppliers",
    "Open questions about the {thing}",
    "The {thing} and the {other}",
    "Care in {month}",
)

PEOPLE = (
    "Vera",
    "Anton",
    "Mrs Haddad",
    "Jonas",
    "Priya",
    "the neighbour",
    "Oskar",
    "Ms Lindqvist",
    "Tomasz",
    "Ines",
)
TOWNS = ("Freiburg", "Utrecht", "Leeds", "Graz", "Aarhus", "Brno", "Ghent", "Turku", "Lucerne", "Porto")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
