"""Short and long files in the old encodings of many languages, each read as what it is."""

from __future__ import annotations

import pytest

from rnnlm_core.data.files import ENCODINGS, LENIENT, DecodedText, decode_bytes

SAMPLES = {
    "French": ("cp1252", "Le café était fermé, mais la crème brûlée du garçon d’à côté nous a plu. "
               "Où êtes-vous passés ? Noël à l’école, c’est un rêve d’été déjà oublié : "
               "le cœur léger, nous avons mangé des gâteaux près de la forêt, là où le maître "
               "français avait laissé ses élèves. "),
    "German": ("cp1252", "Über den Dächern hängt schon früh der Nebel, und die Mädchen gehen müde "
               "zur Schule. Größe und Maß, Füße und Köpfe: alles läuft schräg. Der König aß Äpfel, "
               "während draußen schöne Vögel fröhlich über die Straße flogen. "),
    "Spanish": ("cp1252", "El niño soñó que mañana habría más pingüinos en la montaña. ¿Qué pasó "
                "después? ¡Nadie lo sabía! La canción del corazón sonó allí, según decían los años "
                "de la compañía, y el señor se rió también. "),
    "English": ("cp1252", "The naïve waiter said “voilà” — and that was all he said. A jalapeño "
                "costs £2, the café’s fiancé thought; it’s too much for a résumé. "),
    "Polish": ("cp1250", "Zażółć gęślą jaźń, mówił mały chłopiec, gdy szedł przez łąkę. Książę "
               "zjadł dziesięć śliwek i położył się spać. Wszędzie było cicho, świeciło słońce, "
               "a później przyszła noc i żółte światło księżyca. "),
    "Czech": ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy, říkal starý děda. Dívka šla "
              "přes řeku a přinesla čerstvé mléko. Večer se všichni sešli u stolu, jedli chléb "
              "a mluvili o tom, že zítra bude hezky. "),
    "Hungarian": ("cp1250", "Árvíztűrő tükörfúrógép, mondta az öreg király. A kisfiú elment az "
                  "erdőbe, és ott gyönyörű virágokat szedett az édesanyjának. Később hűvös szél "
                  "fújt, ő pedig sűrűn nézte az eget. "),
    "Russian": ("cp1251", "Однажды вечером мальчик вышел из дома и увидел большую белую собаку. "
                "Она сидела у ворот и смотрела на него. Он дал ей хлеба, и они пошли вместе "
                "к реке, где уже горели огни. "),
    "Greek": ("cp1253", "Μια φορά και έναν καιρό ζούσε σε ένα μικρό χωριό ένας γέρος με τον "
              "εγγονό του. Κάθε μέρα πήγαιναν μαζί στο ποτάμι. "),
    "Russian, KOI8-R": ("koi8-r", "Однажды вечером мальчик вышел из дома и увидел большую белую "
                        "собаку. Она сидела у ворот и смотрела на него. Он дал ей хлеба, и они "
                        "пошли вместе к реке, где уже горели огни. "),
    "Chinese": ("gb18030", "从前有一个小村庄，村子里住着一位老人和他的孙子。"
                "他们每天一起到河边去打水，老人一边走一边讲故事。孙子听得很高兴，回家以后就把这些故事写下来。"),
}
SHORT = [
    ("cp1250", "Zażółć gęślą jaźń."),
    ("cp1250", "Árvíztűrő tükörfúrógép, mondta a király.\nA kisfiú elment az erdőbe sétálni."),
    ("big5", "從前有一個小村莊，村子裡住著一位老人。"),
    ("euc-jp", "吾輩は猫である。名前はまだ無い。"), ("shift_jis", "こんにちは"),
    ("euc-kr", "안녕하세요 세계"), ("gb18030", "春眠不觉晓，处处闻啼鸟")]
CASES = pytest.mark.parametrize("language", SAMPLES)


def passages(language: str, length: int) -> list[str]:
    """From every seventh character on."""
    text = SAMPLES[language][1]
    return [(text[at:] + text * (length // len(text) + 1))[:length]
            for at in range(0, len(text), 7)]


@CASES
@pytest.mark.parametrize("length", [40, 200, 2_000])
def test_each_is_read_as_what_it_is(language: str, length: int) -> None:
    wrong = [text for text in passages(language, length)
             if decode_bytes(text.encode(SAMPLES[language][0]), "a.txt").text != text]
    # forty characters of Hungarian may hold no letter that Western languages have not
    most = 4 if (language, length) == ("Hungarian", 40) else 0
    assert len(wrong) <= most


@CASES
def test_a_person_chooses_all_the_same(language: str) -> None:
    text = passages(language, 200)[0]
    encoding = SAMPLES[language][0]
    assert decode_bytes(text.encode(encoding), "a.txt", encoding).text == text


@pytest.mark.parametrize("text", [
    "Tea costs £2.", "½ cup of crème", "à", "10 m² of moiré", "50 °C"])
def test_a_few_signs_are_no_evidence_for_another_language(text: str) -> None:
    assert decode_bytes(text.encode("cp1252"), "a.txt").text == text


@pytest.mark.parametrize(("encoding", "text"), SHORT)
def test_a_short_text_is_read_rightly_and_called_a_guess(encoding: str, text: str) -> None:
    got = decode_bytes(text.encode(encoding), "a.txt")
    assert (got.text, got.encoding, got.sure) == (text, encoding, False)


@pytest.mark.parametrize(("encoding", "text"), [
    ("big5", "你好，世界"), ("shift_jis", "東京都"), 
    ("cp866", "Однажды вечером мальчик вышел. " * 9),
    ("cp1254", "Bugün hava çok güzel, şöyle yağmursuz ılık. " * 9)])
def test_what_cannot_be_told_is_a_guess(encoding: str, text: str) -> None:
    raw = text.encode(encoding)
    assert not decode_bytes(raw, "a.txt").sure
    assert decode_bytes(raw, "a.txt", encoding) == DecodedText(text, encoding)
    assert decode_bytes(raw, "a.txt", encoding).sure


@CASES
def test_enough_of_it_is_no_guess(language: str) -> None:
    encoding, text = SAMPLES[language]
    assert decode_bytes((text * 3).encode(encoding), "a.txt").sure
    assert decode_bytes(text.encode(), "a.txt").sure  # as UTF-8


def test_every_encoding_that_can_be_chosen_is_one_of_pythons() -> None:
    wanted = {"cp1254", "cp1255", "cp1256", "iso8859-2", "iso8859-5", "iso8859-9", "cp866", "cp874",
              "koi8-u", "big5", "euc-jp", "euc-kr", "shift_jis", "mac_roman"}
    assert wanted <= set(ENCODINGS)
    for encoding in set(ENCODINGS) - {LENIENT}:
        assert decode_bytes("plain".encode(encoding), "a.txt", encoding).text == "plain"
