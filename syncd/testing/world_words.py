"""What the people of the sandbox world say, in their languages, and which language a text is in."""

import re
import unicodedata

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "presale": "Hello, does the {item} also come in another colour, and does it fit a left hand?",
        "presale_reply": "Thank you for asking. It comes in three colours and fits both hands.",
        "where": "Hi, I ordered the {item} a while ago. Where is my parcel?",
        "where_reply": "Thank you for your message. We are checking with the carrier.",
        "thanks": "The parcel is here and everything is fine. Thank you!",
        "told": "Thank you for letting me know. I will wait.",
        "away": "I am out of the office and will answer when I am back.",
        "away_subject": "Out of office",
    },
    "de": {
        "presale": "Guten Tag, gibt es den Artikel „{item}“ auch in einer anderen Farbe?",
        "presale_reply": "Vielen Dank für Ihre Frage. Es gibt ihn in drei Farben.",
        "where": "Hallo, ich habe vor einiger Zeit „{item}“ bestellt. Wo bleibt mein Paket?",
        "where_reply": "Danke für Ihre Nachricht. Wir fragen beim Zusteller nach.",
        "thanks": "Das Paket ist da und alles ist in Ordnung. Vielen Dank!",
        "told": "Danke, dass Sie mir Bescheid geben. Ich warte noch.",
        "away": "Ich bin nicht im Büro und antworte nach meiner Rückkehr.",
        "away_subject": "Abwesenheitsnotiz",
    },
    "fr": {
        "presale": "Bonjour, est-ce que « {item} » existe aussi dans une autre couleur ?",
        "presale_reply": "Merci pour votre question. Il existe en trois couleurs.",
        "where": "Bonjour, j'ai commandé « {item} » il y a un moment. Où est mon colis ?",
        "where_reply": "Merci pour votre message. Nous vérifions avec le transporteur.",
        "thanks": "Le colis est arrivé et tout va bien. Merci beaucoup !",
        "told": "Merci de m'avoir prévenu. Je vais attendre.",
        "away": "Je suis absent du bureau et je vous répondrai à mon retour.",
        "away_subject": "Réponse automatique",
    },
    "es": {
        "presale": "Hola, ¿el artículo «{item}» también existe en otro color?",
        "presale_reply": "Gracias por su pregunta. Lo tenemos en tres colores.",
        "where": "Hola, hice un pedido de «{item}» hace tiempo. ¿Dónde está mi paquete?",
        "where_reply": "Gracias por su mensaje. Estamos preguntando al transportista.",
        "thanks": "El paquete ha llegado y todo está bien. ¡Muchas gracias!",
        "told": "Gracias por avisarme. Voy a esperar.",
        "away": "Estoy fuera de la oficina y responderé a mi regreso.",
        "away_subject": "Respuesta automática",
    },
    "it": {
        "presale": "Buongiorno, l'articolo «{item}» c'è anche in un altro colore?",
        "presale_reply": "Grazie per la domanda. È disponibile in tre colori.",
        "where": "Salve, ho ordinato «{item}» da un po' di tempo. Dov'è il mio pacco?",
        "where_reply": "Grazie per il messaggio. Stiamo chiedendo al corriere.",
        "thanks": "Il pacco è arrivato ed è tutto a posto. Grazie mille!",
        "told": "Grazie di avermi avvisato. Aspetto ancora.",
        "away": "Sono fuori ufficio e risponderò al mio ritorno.",
        "away_subject": "Risposta automatica",
    },
    "pt": {
        "presale": "Olá, o artigo «{item}» também existe em outra cor?",
        "presale_reply": "Obrigado pela pergunta. Temos em três cores.",
        "where": "Olá, encomendei «{item}» há algum tempo. Onde está a minha encomenda?",
        "where_reply": "Obrigado pela mensagem. Estamos a verificar com a transportadora.",
        "thanks": "A encomenda chegou e está tudo bem. Muito obrigado!",
        "told": "Obrigado por me avisar. Vou esperar.",
        "away": "Estou fora do escritório e não posso responder agora.",
        "away_subject": "Resposta automática",
    },
    "ja": {
        "presale": "こんにちは。「{item}」は他の色もありますか。",
        "presale_reply": "お問い合わせありがとうございます。三色ございます。",
        "where": "先日「{item}」を注文しました。荷物は今どこにありますか。",
        "where_reply": "ご連絡ありがとうございます。運送会社に確認しております。",
        "thanks": "荷物が届きました。問題ありません。ありがとうございました。",
        "told": "お知らせいただきありがとうございます。もう少し待ちます。",
        "away": "ただいま不在にしております。戻り次第ご返信いたします。",
        "away_subject": "自動返信",
    },
    "zh": {
        "presale": "您好,請問「{item}」還有其他顏色嗎?",
        "presale_reply": "感謝您的詢問,一共有三種顏色。",
        "where": "您好,我之前訂購了「{item}」,請問我的包裹現在在哪裡?",
        "where_reply": "感謝您的訊息,我們正在向物流公司查詢。",
        "thanks": "包裹已經收到,一切都很好,謝謝!",
        "told": "謝謝您的通知,我再等等。",
        "away": "我目前不在辦公室,回來後會盡快回覆您。",
        "away_subject": "自動回覆",
    },
    "ru": {
        "presale": "Здравствуйте, есть ли «{item}» в другом цвете?",
        "presale_reply": "Спасибо за вопрос. Есть три цвета.",
        "where": "Здравствуйте, я давно заказал «{item}». Где моя посылка?",
        "where_reply": "Спасибо за сообщение. Мы уже спрашиваем перевозчика.",
        "thanks": "Посылка пришла, всё в порядке. Большое спасибо!",
        "told": "Спасибо, что сообщили. Я подожду.",
        "away": "Меня нет в офисе, я отвечу по возвращении.",
        "away_subject": "Автоответ",
    },
    "pl": {
        "presale": "Dzień dobry, czy „{item}” jest też w innym kolorze?",
        "presale_reply": "Dziękujemy za pytanie. Mamy trzy kolory.",
        "where": "Dzień dobry, jakiś czas temu zamówiłem „{item}”. Gdzie jest moja paczka?",
        "where_reply": "Dziękujemy za wiadomość. Sprawdzamy to u przewoźnika.",
        "thanks": "Paczka dotarła i wszystko jest w porządku. Dziękuję!",
        "told": "Dziękuję za informację. Poczekam.",
        "away": "Jestem poza biurem i odpowiem po powrocie.",
        "away_subject": "Automatyczna odpowiedź",
    },
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Frequent words, chosen so that a notice of two sentences has several and neighbours share few.
_FREQUENT: dict[str, frozenset[str]] = {
    "en": _words("the is your you and we of has been for are this will not with our it"),
    "de": _words("der die das ist ihr ihre ihrer und wir nicht mit für sie hat bei wurde"),
    "fr": _words("le est votre vous et nous des du pour une avec pas dans sur les été"),
    "es": _words("el los su usted y de la en está por con que ha para paquete pedido"),
    "it": _words("il di suo sua e della non per che è una con ci del pacco ordine"),
    "pt": _words("o os a seu sua e do da não por com que em uma encomenda pedido foi"),
    "pl": _words("jest się nie na i w z do twoja państwa przesyłka paczka że oraz od"),
    "nl": _words("het een is uw en wij niet van met voor de pakket bestelling aan"),
}
_WORD = re.compile(r"[^\W\d_]+")


def words_of(language: str) -> dict[str, str]:
    """What people of `language` say; those without words of their own write English."""
    return WORDS.get(language, WORDS["en"])


def likely_languages(text: str) -> frozenset[str]:
    """The languages `text` may be in: one by its script, or those with most frequent words."""
    script = _by_script(text)
    if script:
        return frozenset({script})
    words = _WORD.findall(text.lower())
    hits = {language: sum(word in known for word in words) for language, known in _FREQUENT.items()}
    best = max(hits.values())
    return frozenset(language for language, count in hits.items() if best and count == best)


def _by_script(text: str) -> str | None:
    scripts = [unicodedata.name(sign, "?").split()[0] for sign in text if sign.isalpha()]
    share = {name: scripts.count(name) for name in ("HIRAGANA", "KATAKANA", "CJK", "CYRILLIC")}
    if sum(share.values()) * 4 < len(scripts) or not scripts:
        return None
    if share["CYRILLIC"] > len(scripts) / 4:
        return "ru"
    return "ja" if share["HIRAGANA"] + share["KATAKANA"] else "zh"
