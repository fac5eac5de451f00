"""Languages: told where there is enough text, and not guessed where there is not."""

from __future__ import annotations

import pytest

from assay.usage.language import language_of

SENTENCES = {
    "ar": "أريد أن أعرف كيف أكتب رسالة رسمية إلى مدير المدرسة",
    "bn": "আমি জানতে চাই কীভাবে একটি চিঠি লিখতে হয়",
    "cs": "Chtěl bych vědět, jak napsat dopis řediteli školy",
    "da": "Jeg vil gerne vide, hvordan man skriver et brev til skolens leder",
    "de": "Ich möchte wissen, wie man einen Brief an die Schulleitung schreibt",
    "el": "Θα ήθελα να μάθω πώς να γράψω ένα γράμμα στον διευθυντή",
    "en": "I would like to know how to write a letter to the head of the school",
    "es": "Me gustaría saber cómo escribir una carta al director de la escuela",
    "fa": "می‌خواهم بدانم چگونه نامه‌ای رسمی به مدیر مدرسه بنویسم",
    "fi": "Haluaisin tietää, miten kirjoitetaan kirje koulun rehtorille",
    "fr": "Je voudrais savoir comment écrire une lettre au directeur de l'école",
    "he": "הייתי רוצה לדעת איך לכתוב מכתב למנהל בית הספר",
    "hi": "मैं जानना चाहता हूँ कि स्कूल के प्रधानाचार्य को पत्र कैसे लिखें",
    "hu": "Szeretném tudni, hogyan kell levelet írni az iskola igazgatójának",
    "it": "Vorrei sapere come scrivere una lettera al direttore della scuola",
    "ja": "校長先生に手紙を書く方法を知りたいです",
    "ko": "교장 선생님께 편지를 쓰는 방법을 알고 싶습니다",
    "nl": "Ik wil graag weten hoe je een brief aan de directeur van de school schrijft",
    "pl": "Chciałbym wiedzieć, jak napisać list do dyrektora szkoły",
    "pt": "Gostaria de saber como escrever uma carta ao diretor da escola",
    "ro": "Aș vrea să știu cum se scrie o scrisoare către directorul școlii",
    "ru": "Я хотел бы узнать, как написать письмо директору школы",
    "sv": "Jag skulle vilja veta hur man skriver ett brev till skolans rektor",
    "th": "ฉันอยากรู้วิธีเขียนจดหมายถึงผู้อำนวยการโรงเรียน",
    "tr": "Okul müdürüne nasıl mektup yazılacağını öğrenmek istiyorum",
    "uk": "Я хотів би дізнатися, як написати листа директору школи",
    "vi": "Tôi muốn biết cách viết một lá thư cho hiệu trưởng nhà trường",
    "zh": "我想知道怎样给校长写一封信，请帮我想一想",
}


@pytest.mark.parametrize("tag", SENTENCES)
def test_a_sentence_is_told(tag: str) -> None:
    assert language_of(SENTENCES[tag]) == tag


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok",
        "?!",
        "12345 67890 12345",
        "[email 3f9a1c20b7d2e4a61c0948d75be1]",
        "\ud800",
        "hm hm",
        "word " * 1_000,
    ],
)
def test_what_says_nothing_is_not_guessed(text: str) -> None:
    assert language_of(text) == "und"


def test_what_was_taken_out_does_not_count() -> None:
    hidden = "[email 3f9a1c20b7d2e4a61c0948d75be1] " * 10
    assert language_of(hidden + SENTENCES["fr"]) == "fr"


def test_only_the_beginning_is_read() -> None:
    assert language_of(SENTENCES["de"] * 10 + SENTENCES["ru"] * 100_000) == "de"
