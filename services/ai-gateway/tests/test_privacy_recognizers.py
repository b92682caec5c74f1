"""What counts as personal data in an energy contract, what does not, and what hostile text costs."""

import time
from pathlib import Path

import pytest

from ai_gateway.privacy.finds import Find, covered
from ai_gateway.privacy.phones import MOST_CHECKS
from ai_gateway.privacy.placeholders import Kind
from ai_gateway.privacy.redaction import redact
from ai_gateway.privacy.scan import scan

CONTRACTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "contracts"

# «» around what must be withheld.
PERSONAL = {
    Kind.EMAIL: [
        "Notices to «legal.notices@bloom-example.com», with a copy by courier.",
        "Email: «fred@themeetgroup.example.com» Attention: General Counsel",
        "(«j.o'brien+ppa@energy.example.co.uk»)",
        "<«ops_center-24x7@sub.site.example.org»>",
        "mailto:«billing@example.com»?subject=Invoice",
        "**«meter.data@example.energy»**",
        "Contact «jürgen@müller-energie.example.de».",
        "operator@ or «noc@xn--mller-kva.example.com»;",
        "CC:«A@EXAMPLE.COM»,«b@example.com»",
        'Sent by "«contracts@example.io»" on April 13, 2012',
        "«first@example.com»\n«second@example.com»",
        "Buyer's e-mail is «o.p.t@1-800-power.example.com».",
    ],
    Kind.PHONE: [
        "Fax no. «(650) 638-7890»",
        "Telephone: «1-866-490-8590»",
        "«+1-877-464-7277» outside business hours",
        "PHONE «713 / 880-6500»",
        "Facsimile No.: «+511-437-5009»",
        "Facsimile Number: «+81-75-321-9019»",
        "New Hope, PA 18938 Fax No.: «(215) 862.7825»",
        "Bellevue, WA 98004 «(425) 256-2815»",
        "Telephone: «( 916 ) 745-0900»",
        "Office Phone «+ 1 650 232 4127»",
        "Office Phone «+44 20 7010 8319»",
        "media, Donald Reinhard, «908-429-2370» or investors",
        "call «650 253 0000» at any hour",
        "Tel. «650.253.0000»",
        "24-hour line: «650-253-0000, ext. 4417»",
        "«(650) 253-0000 x12»",
        "«650-253-0000x12»",
        "Fax: «+34\n915644451»",
        "Telephone\n«(212) 257-\n4709»",
        "Mobile: «6502530000»",
        "Cell: «(408) 549-6211»",
        "Party A telephone: «025-86588790»",
        "Tel: «01.23.45.67.89»",
        "Tel: «020 7010 8344»",
        "Fax «555-1234»",
        "«+491711234567»",
        "«+44 20 7010 8319», 12345678901 kWh",
        "dial «011 44 20 7010 8344»",
        "«650‑253‑0000» (typeset with unbreakable hyphens)",
        "«(212) 257-4709»/«(212) 257-4710»",
        "The Operator's control room (tel. «(775) 555-0142»)",
    ],
    Kind.SSN: [
        "SSN: «536-90-4399»",
        "Guarantor, social security number «536-90-4399», of full age",
        "Landowner «212-09-4410» signs for the easement.",
        "Social Security No. «536 90 4399»",
        "S.S.N. «536904399»",
        "«536‑90‑4399»",
        "(«219-45-1200»)",
    ],
    Kind.EIN: [
        "EIN «91-1144442»",
        "Employer Identification Number: «04-2103594»",
        "a Delaware LLC, federal tax identification no. «77-0565408»",
        "(I.R.S. Employer Identification No.) «77-0565408»",
        "Taxpayer I.D.: «94-3404561»",
        "«94-3404561» (tax ID of the Seller)",
        "FEIN «943404561»",
        "Seller's TIN is «94‑3404561».",
    ],
    Kind.IBAN: [
        "IBAN «DE89 3704 0044 0532 0130 00» BIC COBADEFF",
        "IBAN: «GB82WEST12345698765432»",
        "to «FR14 2004 1010 0505 0001 3M02 606».",
        "«NL91ABNA0417164300», Amsterdam",
        "«ES91-2100-0418-4502-0005-1332»",
        "account «CH93 0076 2011 6238 5295 7»;",
        "«be68 5390 0754 7034»",
        "«IT60X0542811101000000123456»",
        "«AT61 1904 3002\n3457 3201»",
    ],
    Kind.CARD: [
        "Visa «4111 1111 1111 1111» 12/27",
        "charged to «5555555555554444»",
        "Amex «3782 822463 10005»",
        "«378282246310005»",
        "card no. «6011-1111-1111-1117»",
        "«3530111333300000»",
        "Diners «3056 930902 5904»",
        "«2223 0031 2200 3222», exp. 01/29",
        "«4012.8888.8888.1881»",
        "«4111 1111\n1111 1111» 123",
    ],
}

NOTHING_PERSONAL = [
    "3,000,000 kWh", "1 200 000 kWh in each Contract Year", "nameplate capacity 2,500 kW (AC)",
    "30,000,000 Btu", "$4,500,000.00", "$ 650.25", "USD 1.000.000,00",
    "$0.1187 per kWh, escalating 2.5 % a year", "a fee of $650 253 0000", "12,345,678.90 dollars",
    "rate 0.0950 0.0974 0.0998 0.1023", "April 13, 2012", "2012-04-13", "04/13/2012", "04.13.2012",
    "13 April 2012 – 12 April 2027", "2012-04-13 10:00", "2012-04-13T10:00:00.000000Z",
    "sent by facsimile 04/13/2012", "by fax 2012-04-13", "2012 2013 2014 2015 2016", "1999-2000 (2001)",
    "Section 4.3.2.1", "Sections 12.1, 12.2(a)(ii) and 14.10", "§ 7.4 (2012)",
    "Article 5, paragraphs 10 11 12 13 14", "Exhibit B-1.2.3.4.5.6.7", "250 300 2012",
    "kW: 250 300 2012 kWh: 200 400 1000", "850 250 1200 | 860 251 1210", "CUSIP 037833100",
    "ISIN US0378331005", "ISIN DE0005140008 shares of", "DUNS 12-345-6789", "LEI 5493001KJTIIGC8Y1R12",
    "FERC Docket No. ER12-1234-000", "Docket 11-362", "Patent No. 7,201,979",
    "AU Granted 2014240948 28-Mar-14", "U.S. Patent Application 13/231,111", "EP 14722915.7 28-Mar-14",
    "Registered 86906683 12-Feb-16 5183009 11-Apr-17", "ESI ID 10443720001234567", "Meter 4000123456789",
    "meter no. 9876543210", "Serial ES5-A2K-000417-0012", "Invoice 2012000417", "PO 4500012345",
    "Contract No. 4111111111111112", "wire reference 5555-5555-5555-4445", "Parcel 123-456-78-90",
    "APN 000-12-3456", "part 666-12-3456", "Drawing 912-50-1234", "lot 12-3456789",
    "drawing 77-0565408 rev. 4", "the EIN of the Buyer is set out in Exhibit A", "07-1144442 is no EIN",
    "Account 1234567890 at First Bank", "ABA 021000021", "123e4567-e89b-12d3-a456-426614174000",
    "37.389444, -121.987778", "N 37 23 22 W 121 59 16", "9:00 a.m. to 5:00 p.m.",
    "uptime 99.95 %, 8,760 hours", "each fuel cell 1 000 000 kWh", "fuel cell: 1234567 hours",
    "telephone service of 24 hours, 7 days a week", "10 (ten) days; 30 (thirty) days; 180 days",
    "the rate @ $0.09 per kWh", "12 units @ 200 kW", "a@b", "user@localhost", "@bloomenergy",
    "0.5 x 1,000 x 8,760 = 4,380,000", "GB82 WEST 1234 5698 7654 33", "DE12 AND BE34 OF THE SCHEDULE",
    "1234 5678 9012 3456", "ES-5700 200 kW x 25 = 5 MW", "[***]", "[Exhibit-1]", "[EMAIL]",
    "ISO 9001:2008, IEEE 1547-2003", "NFPA 70-2011, UL 1741", "48 C.F.R. 52.212-4", "15 U.S.C. 1681 1692",
    "+10 000 000 kWh", "+/- 2.5 1000 2000 kW",
]  # fmt: skip


def texts(text: str) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": text}]}]}


def withheld(text: str) -> list[str]:
    return list(redact(texts(text)).vault.values.values())


@pytest.mark.parametrize(("kind", "marked"), [(kind, row) for kind, rows in PERSONAL.items() for row in rows])
def test_personal_data_is_found_whole_and_as_what_it_is(kind: Kind, marked: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    expected = [part.split("»")[0] for part in marked.split("«")[1:]]
    redacted = redact(texts(text))
    assert list(redacted.vault.values.values()) == expected
    assert redacted.counts == {kind: len(expected)}


@pytest.mark.parametrize("text", NOTHING_PERSONAL)
def test_the_figures_of_a_contract_stay(text: str) -> None:
    assert withheld(text) == []


def test_the_tables_are_as_long_as_they_should_be() -> None:
    assert sum(map(len, PERSONAL.values())) >= 60
    assert len(NOTHING_PERSONAL) >= 60


def test_what_only_its_context_tells_is_also_withheld_where_it_comes_again() -> None:
    text = f"Seller's EIN is 94-3404561.{' more' * 20} See 94-3404561 and 94-3404562."
    assert withheld(text) == ["94-3404561"]
    assert redact(texts(text)).counts == {"EIN": 2}


def test_of_what_overlaps_nothing_is_left() -> None:
    finds = [Find(0, 10, Kind.PHONE), Find(8, 20, Kind.IBAN), Find(19, 22, Kind.CARD), Find(30, 31, Kind.SSN)]
    assert list(covered(finds)) == [Find(0, 22, Kind.IBAN), Find(30, 31, Kind.SSN)]


def test_of_equally_long_ones_the_first_names_the_kind() -> None:
    assert list(covered([Find(3, 8, Kind.CARD), Find(0, 5, Kind.PHONE)])) == [Find(0, 8, Kind.PHONE)]


def test_beyond_so_many_checks_the_form_decides_and_nothing_passes() -> None:
    numbers = [f"+44 20 7010 {1000 + number % 9000}" for number in range(MOST_CHECKS + 100)]
    spans = covered(find for find in scan("; ".join(numbers)) if find.sure)
    assert sum(1 for _ in spans) == len(numbers)


HOSTILE = [
    "@", "7", "-", "a@a.", "(", "+", "1 ", "1-", "+1 ", "[", "[EMAIL-", "4111 ", "GB82", "GB82 ",
    "12-3456789 ", "536904399 ", "650-253-0000 ", "+44 20 7010 8319 ", "tel ", "tel 1234567 ", "a@a.aa ",
    '"@', "a.", "\n", "x1 ",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_costs_no_more_than_its_length(unit: str) -> None:
    """1 MB each; what is quadratic takes hours. The bound is generous: the slowest takes about a second."""
    text = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
    began = time.process_time()
    scan(text)
    assert time.process_time() - began < 10


def contract(name: str) -> str:
    path = CONTRACTS / name
    if not path.exists():
        pytest.skip("the contract texts of the test data are not here")
    return path.read_text("utf-8")


def test_a_real_energy_agreement_keeps_all_its_figures() -> None:
    """70 redaction marks, rates, kW, kWh, dates and worked examples; its notices name no telephone."""
    text = contract("energy/bloom-moma-2012.txt")
    assert withheld(text) == []


def test_a_real_solar_agreement_loses_its_telephone_numbers_only() -> None:
    text = contract("energy/spi-solar-om-2011.txt")
    assert set(withheld(text)) == {"(916) 745-0900", "( 916 ) 745-0900", "(916) 721-0428"}


def test_in_all_real_contracts_what_looks_like_a_patent_or_a_price_stays() -> None:
    folder = CONTRACTS / "cuad-dev"
    if not folder.exists():
        pytest.skip("the contract texts of the test data are not here")
    kinds: dict[str, int] = {}
    for path in sorted(folder.glob("*.txt")):
        redacted = redact(texts(path.read_text("utf-8", errors="replace")))
        for kind, count in redacted.counts.items():
            kinds[kind] = kinds.get(kind, 0) + count
    assert set(kinds) == {"EMAIL", "PHONE"}
