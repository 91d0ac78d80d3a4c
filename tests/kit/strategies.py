"""Hypothesis strategies for what people type: names of Guatemala, identifiers, and noise."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

GIVEN = "José,María,Guadalupe,Humberto,Güicho,Álvaro,Íngrid,Wenceslao,Chepe,Ñusta,Jorge,Ximena,Hugo,Zoila,Yolanda"
SURNAMES = (
    "Pérez,López,Hernández,Vásquez,Quiñónez,de la Cruz,Castillo,Guerra,Cifuentes,Caal,Choc,Ixcoy,Xicay,Tzul,Tz'oc,Quej,"
    "Q’eqchi,K'iche',Cuc,Coj,Tot,Pop,Sánchez,Jiménez,Muñoz,Leonel,Ambrosio,Nieto,Yanes,Guanche,Huitz,Mªss,Agüero,Ñamendi"
)
PARTICLES = "de,del,la,las,los,y,San,Santa,viuda,vda."
NOISE = "bvszcgjxlyhquknñmpftw"

words = st.sampled_from((GIVEN + "," + SURNAMES + "," + PARTICLES).split(","))


@st.composite
def noisy_words(draw: st.DrawFn) -> str:
    """A word with up to two letters changed, dropped, doubled or swapped."""
    word = draw(words)
    for _ in range(draw(st.integers(0, 2))):
        i = draw(st.integers(0, max(0, len(word) - 1)))
        letter = draw(st.sampled_from(NOISE))
        word = draw(
            st.sampled_from(
                [
                    word[:i] + letter + word[i + 1 :],
                    word[:i] + word[i + 1 :],
                    word[:i] + letter + word[i:],
                    word[:i] + word[i : i + 1] + word[i:],
                    word[:i] + word[i + 1 : i + 2] + word[i : i + 1] + word[i + 2 :],
                ]
            )
        )
    return word


@st.composite
def person_names(draw: st.DrawFn) -> str:
    """A name of one to seven words, in any case, composed or decomposed, joined by what people put between words."""
    name = draw(st.sampled_from([" ", "  ", ", ", "-", "\t"])).join(
        draw(st.lists(noisy_words(), min_size=1, max_size=7))
    )
    cased = draw(st.sampled_from([name, name.upper(), name.lower(), name.title()]))
    return unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), cased)


texts = st.one_of(
    person_names(), st.text(max_size=60), st.text(alphabet="AEIOUÑNÜGHQCLLYMBPSTZXVWJ 'é\u0303", max_size=30)
)

PIECES = (
    "0,1,2,9,15,14,502,00502,+,-, ,.,A,N,Ñ,ñ,N\u0303,¥,&,K,k,P,MO,TCE,0,BCD,aei,O,"
    "Q,I,?,*,:,SLV:,GTM:,ſ,é,И,😀,1985,JUAN,',\x00,(,),_,/,1M8GDM9AXKP042788,1587564440904,39525503,55551234,A-1,123,\u2013,\xa0,|,�"
)

digits = st.text(alphabet="0123456789", max_size=14)
separators = st.sampled_from(["", " ", "-", ".", "\u00a0", "–"])
identifier_texts = st.one_of(
    st.lists(st.sampled_from(PIECES.split(",")), max_size=8).map("".join),
    st.tuples(digits, st.sampled_from(["", "K", "BCD", "bcd"])).map("".join),
    st.tuples(
        st.sampled_from(["", "P", "c", "MO", "TRC", "Z"]),
        separators,
        st.sampled_from(["", "0"]),
        st.text("0123456789O", min_size=3, max_size=3),
        separators,
        st.text("BCDFGAOIVYL08", min_size=3, max_size=3),
    ).map("".join),
    st.text("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", min_size=17, max_size=17),
    st.text(max_size=20),
)

_LABELS = (
    "DPI,CUI,CUI:,NIT,NIT.,No.,N°,TEL:,CEDULA,ORDEN,REGISTRO,REG.,LICENCIA,TIPO C,PASAPORTE,PLACA,VIN:,CHASIS,MOTOR,"
    "PARTICULAR,MOTO OFICIAL,MOTO,PADRE,P,C,(,),',\",=,+,*,?,¿,GTM,GUATEMALA,M,MO,O"
)
_NUMBERS = (
    "1580352240101,580352240101,1580 35224 0101,158O352240101,I580352240101,1580352240102,1.580352240101E+12,1.58E+12,"
    "39525503,3952550-3,576937-K,5769E7K,55551234,5555I234,5.5551234E7,A-1 123456,A-1 I23456,O-16 12O45,0-16 1234,"
    "1-9 55,1-12 77,１５80352240101,٣٩٥٢٥٥٠٣,1580352?240101,"
    "P-40*7RST,P-12BCD,MO12BCD,M-O12BCD,MO 7BCD,12BCD,P 123 GTM,P-407RST,"
    "407RST,P4O7RST,P407R5T,PP407RST,P-4S7RST,PO407RST,P-123456,123456,A123456,AB12,"
    "1HGCM82633A004352,1HGCM82633AOO4352,IHGCM82633A004352,VIN1HGCM82633A004352,ENG0123,000576937K"
)
_TAILS = (
    ".0,.00,;0,Guatemala,GUATEMALA,San Marcos,Mixco Guatemala,GTM,Peten,P,(P),C,ROBADA,MADRE,1580352240101,"
    "P-407RST,1HGCM82633A004352,*,?,5 AVE,|,,,"
)

# An identifier as clerks and spreadsheets write it: words around it, look-alikes, a spreadsheet's forms.
written_texts = st.tuples(
    st.lists(st.sampled_from(_LABELS.split(",")), max_size=2),
    st.sampled_from(["", " ", "-"]),
    st.one_of(st.sampled_from(_NUMBERS.split(",")), digits),
    st.sampled_from(["", " ", "-"]),
    st.lists(st.sampled_from(_TAILS.replace(";", ",").split(",")), max_size=2),
    st.sampled_from(["", " "]),
).map(lambda parts: parts[5].join([parts[1].join(parts[0]), parts[2], parts[3], parts[3].join(parts[4])]))
