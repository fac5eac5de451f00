"""Words that say nothing of a topic: a name neither begins nor ends with one.

A word that most of an import shares is left out whatever its language; but where a language is a
small part of an import, its every "and" would set its groups apart. So the commonest words of some
other languages are here too, but for those that mean something in English, as die, son, car and sin
do.
"""

from __future__ import annotations

_FUNCTION = """
a about above across actually after again against ago all almost along already also although always
am among an and another any anybody anyone anything anyway are aren around as aside ask asked at
away back be became because become been before began behind being below beside besides between
beyond both but by came can cannot come comes could couldn couple cuz did didn different do does
doesn doing don done down due during each either else enough especially etc even ever every
everybody everyone everything everywhere exactly except far few first for former from further gave
get gets getting give given gives giving go goes going gone gonna got gotten had hadn half happen
has hasn have haven having he hence her here hers herself him himself his how however i if in indeed
instead into is isn it its itself just keep kind kinda know last later latter least less let lets
like likely little ll lot lots made mainly make makes making many may maybe me mean meanwhile might
mine more moreover most mostly much must mustn my myself near need needed needs neither never
nevertheless next no nobody none noone nor not nothing now nowhere of off often oh ok okay on once
one ones only onto or other others otherwise ought our ours ourselves out over own per perhaps put
quite rather re really said same saw say says see seem seemed seeming seems seen several shall she
should shouldn since so some somebody somehow someone something sometimes somewhere soon still stuff
such sure take taken takes taking tell than that the their theirs them themselves then there thereby
therefore these they thing things think this those though through throughout thus to together too
took toward towards tried tries try trying two under unless until up upon us use used uses using
usually ve very via want wanted wants was wasn way ways we well went were weren what whatever when
whenever where whereas wherever whether which while who whoever whole whom whose why will with
within without won would wouldn yes yet you your yours yourself yourselves
"""
_ASKING = """
answer dear hello help hey hi please question questions reply respond thank thanks
"""

_GERMAN = """
aber alle allem allen alles als also am an andere anderen auch auf aus bei beim bin bis bist bitte
brauche da dabei damit danke dann das dass dazu dein deine deinen deiner dem den denn der des dich
diese diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines einige er
es etwas euch euer für gegen gehe geht gerne gibt habe haben hallo hatte hier hilfe hätte ich ihm
ihn ihnen ihr ihre ihrem ihren im immer ist ja jede jeden jeder jetzt kann kannst kein keine keinen
können könnte machen mehr mein meine meinem meinen meiner mich mir mit muss möchte möchten müssen
nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine seinen seiner seit sich sie sind
soll sollte tun um und uns unser unter vielen vom von vor wann warum weil weiter weiß welche welcher
welches wenn werden wie wieder wir wird wirst wissen wo wurde wäre würde würden zu zum zur zwischen
über
"""
_FRENCH = """
afin ai aider aimerais ainsi alors après as au aucun aussi autre autres aux avant avec avez avoir
avons beaucoup besoin bien bonjour ce cela ces cet cette ceux chaque chez ci comme d'un d'une de
depuis des deux dois donc du elle elles en encore est et eu eux faire fait faut il ils j'ai je
jusque la le les leur leurs lui là ma mais me merci mes mieux moi moins mon même ne ni nos notre
nous on ont ou où par parce pas pendant peu peut peux plus pourquoi pourrais pouvez puis puisse
qu'elle qu'il que quel quelle quelles quelque quels qui quoi s'il sa sais sans savoir se sera ses si
soit sommes sont sous suis sur ta te toi tous tout toute toutes très tu un une va vers veux voici
voilà vos votre voudrais vous vraiment ça été être
"""
_SPANISH = """
a al algo alguien alguna algunos algún antes aquel aquí así aunque ayuda ayudarme bien cada casi
como con contra cosa cosas cual cuando cuanto cuál cuándo cómo de debería debo decir del desde donde
dos durante dónde e el ella ellas ellos en entre era eres es esa ese eso esta estar este esto estos
estoy está están favor fue gracias gustaría ha hace hacer hacia han hasta hay hola la las le les lo
los me mi mientras mis mismo muchas mucho muy más mí nada necesito ni no nos nosotros nuestra
nuestro o otra otro otros para pero poco por porque pueda puede puedes puedo pues que quien quiero
quién qué saber se sea ser si sido siempre sobre solo son soy su sus sé sí sólo también tan tanto te
tengo ti tiene tienen todo todos tu tus tú un una uno unos usted va vez y ya yo él
"""
_ITALIAN = """
a abbia abbiamo agli ai al alla alle allo altri altro anche ancora avere bene c'è che chi ci ciao
ciò come con cosa così cui da dagli dai dal dalla dalle degli dei del dell della delle dello di dopo
dove due e ed era essere fa fare fino fra già gli grazie ha hai hanno ho i il in io la le lei lo
loro lui ma me meglio mi mia mie mio molto ne nei nel nella nelle no noi non nostra nostro o ogni
per perché però più poi posso prima puoi può quale quali quando quanto quella quelle quello questa
queste questi questo qui quindi sarebbe se sei senza si sia siamo sono sta su sua sue sul sulla suo
sì te ti tra tutti tutto un una uno vi voglio voi vorrei è
"""
_PORTUGUESE = """
a ajuda ajudar algo ao aos as até cada com como da das de dela dele deles depois desde dessa desse
desta deste do dos e ela elas ele eles em entre então era essa esse esta estar este estou está estão
eu faz fazer foi for gostaria há isso isto já lhe mais mas me mesmo meu meus minha minhas muito na
nas nem no nos nossa nosso num numa não nós o obrigada obrigado olá onde os ou para pela pelo pode
podem por porque posso pra qual quando que quem quero se sem sempre ser seu seus sobre sou sua suas
são também te tem tenho ter teu tudo um uma umas uns vai você vocês vou à às é
"""
_DUTCH = """
aan al alle als altijd andere bij dan dat de deze die dit doen door dus een en er haar hallo heb
hebben hebt heeft het hij hoe hun iets ik in is ja je jij jouw jullie kan kun kunnen maar mag meer
met mij mijn moet moeten na naar niet niets nog nu of om onder ons onze ook op over te tegen tot uit
van veel voor waar waarom wanneer wat we wel welke werd wie wij wil worden wordt zal ze zich zij
zijn zo zonder zou
"""
_MEANING_IN_ENGLISH = "die van pour sin son sons fin war den hat fit"

STOPWORDS = frozenset(
    " ".join(
        [_FUNCTION, _ASKING, _GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH]
    ).split()
) - frozenset(_MEANING_IN_ENGLISH.split())
"""Words that stand in the middle of a phrase at most, and are no keywords."""

ENDINGS = frozenset(["people", "person", "persons", "guy", "guys", "time"])
"""Pale alone, yet they may end a phrase: disabled people."""
PARTICLES = frozenset(["away", "back", "down", "off", "out", "up"])
"""They say nothing alone, yet a verb is another one without them: shut down."""
_PALE = """
able absolutely amazing awesome awful bad badly basically believe best better big bit bunch care
certain certainly clearly completely definitely enjoy entire exist extremely fact feel feeling
feels find fine found fully generally good great happened happens heard hope huge idea important
interested interesting kinds knew known knows large lol long look looking looks main matter means
mind nice obvious part particular perfect perfectly point possible prefer pretty probably real
reason reasons right saying sense simple simply sort start started stop talk talking tells
terrible thinking thinks thought times told total totally true truly word words works worse worst
wrong yeah years yep
"""
PALE = frozenset(_PALE.split()) | ENDINGS
"""Words that fill and that judge: they name a group only where no other word does."""


def says_nothing(word: str) -> bool:
    """Whether a word says nothing alone: a function word, a letter of an alphabet, or hiragana.

    Japanese writes its endings and particles in hiragana, and most of what they join in others.
    """
    if len(word) == 1 and (word.isascii() or "\u3040" <= word <= "\u309f"):
        return True
    first, _, last = word.partition("'")  # don't, c'est
    return word in STOPWORDS or first in STOPWORDS or (len(first) == 1 and last in STOPWORDS)
