# La page de confiance et les preuves sur lesquelles elle repose.

trust-title = Sécurité et disponibilité
trust-lead = Chaque promesse de cette page est sans cesse mise à l’épreuve par une attaque contre ce site même. Une affirmation ne figure ici que tant qu’une épreuve a récemment montré qu’elle est vraie. Les limites d’une promesse y figurent toujours.
trust-as-of = Situation au
trust-promised = Ce qui est promis
trust-not-promised = Ce qui n’est pas promis
trust-not-promised-lead = Ces sujets sont cités eux aussi, afin que le silence ne soit jamais pris pour une promesse.
trust-nothing-said = Pour le moment, rien ne peut être affirmé à ce sujet avec une preuve.
trust-proven-at = Dernière preuve le
trust-from = vu depuis { vantage }
trust-clauses = Ce qui a été vérifié
trust-evidence = Preuve de la dernière épreuve
trust-tls-report = Le rapport entier
trust-json = Cette page sous forme de données (JSON)

state-green = Prouvé
    .meaning = L’épreuve a récemment montré que c’est vrai.
state-amber = Non prouvé actuellement
    .meaning = Il n’y a pas de preuve récente, mais le contraire n’a pas été constaté non plus.
state-red = Non tenu
    .meaning = L’épreuve a montré que ce n’est pas le cas.
state-not-promised = Non promis
    .meaning = Ce site n’affirme rien à ce sujet.

standing-proven = Prouvé
standing-limit = Limite
standing-unproven = Non prouvé actuellement
standing-refuted = Démenti par l’épreuve

ledger-title = Le registre
ledger-text = Chaque résultat entre dans un registre auquel on peut seulement ajouter. La racine en fixe tout le contenu : notez-la aujourd’hui, et vous pourrez vérifier plus tard que rien n’a été modifié ni omis.
ledger-size = Entrées
ledger-root = Racine (SHA-256)
ledger-at = Scellé le

evidence-title = Preuve : { $promise }
evidence-lead = Voici le compte rendu public d’une épreuve.
evidence-drill = Épreuve
evidence-promise = Promesse
evidence-verdict = Résultat
evidence-at = Menée le
evidence-from = Depuis
evidence-clauses = Ce qui a été vérifié
evidence-transcript = Compte rendu
evidence-transcript-none = Aucune partie de ce compte rendu n’est publique.
evidence-ledger = Sa place dans le registre
evidence-index = Numéro de l’entrée
evidence-leaf = Empreinte de l’entrée
evidence-path = Empreintes sur le chemin de la racine
evidence-path-none = Aucune : cette entrée constitue tout le registre.
evidence-verify = Pour vérifier, combinez l’empreinte de l’entrée avec les empreintes du chemin, dans leur ordre, comme le décrit la RFC 6962, section 2.1.1. Le résultat doit être égal à la racine. Cela prouve que cette entrée figure dans le registre et qu’elle n’a pas été modifiée depuis.
evidence-pending = Cette épreuve ne figure pas encore dans une partie scellée du registre. Revenez dans quelques minutes.
evidence-back = Retour à toutes les promesses
