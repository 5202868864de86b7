"""Common words of languages in seven scripts, for pages that say nothing.

The scripts are those that the DejaVu fonts can set, which come with matplotlib and therefore with
realesr. They hold no Chinese, Japanese or Korean, and nothing of India: no page has those.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """Words of one language, in the order they are met.

    Args:
        script: The name of its script.
        words: Short ones first.
        leftward: Whether it is written from right to left.
        lacking: The DejaVu families that lack its letters.
    """

    script: str
    words: tuple[str, ...]
    leftward: bool = False
    lacking: tuple[str, ...] = ()


def _language(
    script: str, words: str, *, leftward: bool = False, lacking: tuple[str, ...] = ()
) -> Language:
    return Language(script, tuple(words.split()), leftward, lacking)


LANGUAGES: dict[str, Language] = {
    "English": _language(
        "Latin",
        "the of and a to in is it was for on with as at by from this that have not are but had "
        "they which one were all there would their what about when them some time could people "
        "other than then now only little very after words long where light through picture small "
        "water between country never morning window garden because thought another mountain",
    ),
    "German": _language(
        "Latin",
        "der und die in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es "
        "an werden aus er hat dass sie nach wird bei noch wie über einen so zum war haben nur oder "
        "aber vor zur bis mehr durch man sein wurde Straße größer schön Fenster Häuser Frühling",
    ),
    "French": _language(
        "Latin",
        "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il "
        "sont avec son aux ou mais comme été très même après où être fenêtre déjà château forêt "
        "lumière garçon cœur leçon île août naïf rivière œuvre",
    ),
    "Polish": _language(
        "Latin",
        "w i na z się nie do to że a o jest po od za jak co ale tym przez być może już tylko także "
        "światło książka żółty źródło gęś łąka morze dzień słońce rzeka ćma późno",
    ),
    "Turkish": _language(
        "Latin",
        "bir ve bu da için ile olarak çok daha olan en gibi kadar sonra ne var ışık güneş çocuk "
        "ağaç küçük büyük yağmur deniz şehir öğrenci kırmızı gökyüzü",
    ),
    "Vietnamese": _language(
        "Latin",
        "và của là có trong được cho không một người các những đã này khi với để từ nước mặt trời "
        "ánh sáng cửa sổ buổi sáng đường phố nhiều hơn rừng biển",
        lacking=("SansMono",),
    ),
    "Greek": _language(
        "Greek",
        "ο η το και να του της με που για τα από στο είναι τη σε δεν των τον θα οι ένα μια αυτό "
        "ήταν όταν φως θάλασσα ουρανός παράθυρο δρόμος άνθρωπος ημέρα βιβλίο μικρό κόσμος ψωμί",
    ),
    "Russian": _language(
        "Cyrillic",
        "и в не на что он с как это по но из у за от так о же все она было мы для только когда уже "
        "или если время окно свет дорога человек город вечер большой жизнь книга солнце объём",
    ),
    "Ukrainian": _language(
        "Cyrillic",
        "і в на не що з до як це він та за від але для було або її час день світло ніч місто "
        "людина їжак ґанок вікно щастя подорож",
    ),
    "Armenian": _language(
        "Armenian",
        "և է որ են մի իր այս ու որը նաև համար հետ մեծ օր լույս ջուր տուն գիրք երկինք մարդ քաղաք "
        "պատուհան առավոտ ծառ ճանապարհ",
    ),
    "Georgian": _language(
        "Georgian",
        "და არის რომ ეს იყო მისი ერთი მაგრამ როგორც უფრო დრო წიგნი სახლი წყალი დღე ქალაქი მთა "
        "სინათლე ფანჯარა ადამიანი ზღვა გზა",
    ),
    "Hebrew": _language(
        "Hebrew",
        "של את על הוא לא זה עם כי גם היא אל או יש כל מה אבל אור בית ספר מים יום עיר חלון שמש דרך "
        "אנשים בוקר ילדים שמיים",
        leftward=True,
        lacking=("Serif", "SansMono"),
    ),
    "Arabic": _language(
        "Arabic",
        "في من على إلى أن هذا التي كان مع عن ما لا هو هي كل بعد بين قد أو حتى نور كتاب بيت ماء يوم "
        "مدينة نافذة شمس طريق الناس صباح بحر سماء",
        leftward=True,
        lacking=("Serif",),
    ),
}
