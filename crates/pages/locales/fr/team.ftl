# Le registre des services et appareils que l’équipe utilise.

team-title = Équipe
team-text = Les services et appareils que l’équipe utilise, et sur la parole de qui on s’y connecte avec un second facteur.
team-none = Rien n’est encore enregistré, donc rien n’en est promis.
team-add-title = Ajouter un service ou un appareil
team-name = Nom
team-name-hint = Comme tout le monde l’appelle. Si plusieurs personnes ont un compte auprès d’un service, ajoutez-en un pour chacune.
team-kind = Genre
team-kind-service = Service
team-kind-device = Appareil
team-address = Adresse
team-address-hint = Où on le trouve, si on le trouve quelque part.
team-holder = Qui l’a
team-holder-hint = L’identifiant d’un compte d’ici, ou le nom de quelqu’un qui n’en a pas.
team-factor = Second facteur
team-factor-passkey = Clé d’accès
team-factor-security-key = Clé de sécurité
team-factor-app = Application d’authentification
team-factor-platform = Code, doigt ou visage sur l’appareil
team-factor-single-sign-on = Celui d’un autre service (authentification unique)
team-factor-sms = Code par SMS ou téléphone
team-factor-none = Aucun
team-standing = État
team-standing-proven = Compte
team-standing-ending = Compte, mais prend bientôt fin
team-standing-ended = Terminé : ne compte pas
team-standing-missing = Non attesté : ne compte pas
team-standing-without = Sans second facteur : ne compte pas
team-until = Attesté jusqu’au
team-attested-by = Attesté par
team-attested-at = Attesté le
team-attest-title = Attester
team-attest-text = { $days ->
    [one] J’ai vu moi-même qu’on s’y connecte avec ce second facteur, et avec un mot de passe qui ne sert qu’ici et que garde un gestionnaire de mots de passe, s’il y en a un. Cela compte { $days } jour.
   *[other] J’ai vu moi-même qu’on s’y connecte avec ce second facteur, et avec un mot de passe qui ne sert qu’ici et que garde un gestionnaire de mots de passe, s’il y en a un. Cela compte { $days } jours.
}
team-attest-button = Attester ceci
notice-attested = Votre parole est enregistrée.
team-remove-title = Supprimer
team-remove-link = Supprimer cette entrée …
team-remove-question = Supprimer { $name } du registre ?
team-remove-text = Supprimez ce que l’équipe n’utilise plus. Le journal garde la trace de ce qui y figurait.
team-back = Retour au registre
team-beside = Ce que l’on sait d’autre
team-people-title = Personnes de l’équipe ici
team-people-counted = { $people ->
    [0] Personne
    [one] { $people } personne, { $without } sans second facteur
   *[other] { $people } personnes, { $without } sans second facteur
}
team-github-title = GitHub dit
team-github-at = Demandé le
team-github-not-yet = Pas encore demandé : ce sera avec les prochaines épreuves
team-github-counted = { $members ->
    [one] { $members } membre, { $without } sans second facteur
   *[other] { $members } membres, { $without } sans second facteur
}
team-github-silent = Rien : on n’a pas pu lui demander, donc rien ne compte comme montré. Le journal dit pourquoi.
