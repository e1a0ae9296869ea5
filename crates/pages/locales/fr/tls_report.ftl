# Le rapport sur le chiffrement de ce site.

tls-title = Comment ce site chiffre
tls-lead = Notre propre analyse frappe à la porte publique de ce site, comme tout visiteur peut le faire, et essaie ce qu’il accepte. Ce qu’elle a trouvé figure ici en entier, le mauvais comme le bon.
tls-scanned-at = Analysé le
tls-least = promis : au moins { $grade }
tls-evidence = Preuve de cette analyse
tls-grade = Note
tls-none-yet = Cette configuration n’a pas encore été analysée. La première analyse suit le démarrage de quelques minutes.
tls-incomplete = Cette analyse est incomplète : tout ce qui a été essayé n’a pas reçu de réponse claire. La note ne compte que le reste.
tls-lowered = Ce qui abaisse la note
tls-how-title = Comment la note est établie
tls-graded = Selon le guide public « SSL Server Rating Guide » de SSL Labs, version { $guide } : les protocoles comptent pour 30 %, l’échange de clés pour 30 %, le chiffrement pour 40 % ; puis chaque règle applicable fixe une limite. Là où le guide demande ce que choisiraient certains navigateurs, tout ce que le site accepte compte ici : la note peut donc être plus basse que la leur. Ce n’est pas une note attribuée par SSL Labs.
tls-left-out = { $count ->
    [one] { $count } autre site a été analysé et noté, mais la place manque ici.
   *[other] { $count } autres sites ont été analysés et notés, mais la place manque ici.
}

tls-seen-yes = oui
tls-seen-no = non
tls-seen-unknown = n’a pas pu être constaté

tls-versions-title = Versions du protocole
tls-groups-title = Groupes pour l’échange de clés
tls-suites-title = Suites de chiffrement
tls-suites-lead = Chaque suite acceptée, avec l’échange de clés que le site a choisi pour elle.
tls-suite-old = ancienne : sans confidentialité persistante ou sans chiffrement authentifié

tls-certificates-title = Certificats
tls-certificate-trust = Confiance
tls-trusted-public = valable, et reconnu par les navigateurs
tls-trusted-own = valable, et reconnu par les autorités propres à cette installation, que les navigateurs peuvent ignorer
tls-certificate-names = Noms
tls-certificate-subject = Délivré à
tls-certificate-issuer = Délivré par
tls-certificate-from = Valable à partir du
tls-certificate-until = Valable jusqu’au
tls-certificate-key = Clé
tls-certificate-signature = Signature
tls-certificate-sent = Certificats envoyés

tls-problem-not-yet-valid = Pas encore valable.
tls-problem-expired = N’est plus valable.
tls-problem-other-name = Pour un autre nom.
tls-problem-self-signed = Signé par lui-même : personne ne s’en porte garant.
tls-problem-unknown-issuer = Aucune autorité reconnue ne s’en porte garante, ou un certificat intermédiaire n’a pas été envoyé.
tls-problem-unusable = Inutilisable pour un site web, ou mal signé.

tls-hsts-title = HTTPS seulement (HSTS)
tls-hsts-unknown = La réponse du site n’a pas pu être lue.
tls-hsts-none = Les navigateurs n’ont pas pour consigne de n’utiliser que HTTPS.
tls-hsts-days = { $days ->
    [one] Les navigateurs ont pour consigne de n’utiliser que HTTPS pendant { $days } jour.
   *[other] Les navigateurs ont pour consigne de n’utiliser que HTTPS pendant { $days } jours.
}
tls-hsts-subdomains = Il en va de même pour chaque sous-domaine.
tls-hsts-preload-ready = L’en-tête répond à ce que demandent les listes de préchargement des navigateurs ; la présence du site sur ces listes n’est pas vérifiée.
tls-hsts-preload-not-ready = Le site n’est pas configuré pour les listes de préchargement des navigateurs.

tls-facts-title = Points et autres constatations
tls-score-protocol = Points pour les protocoles
tls-score-exchange = Points pour l’échange de clés
tls-score-cipher = Points pour le chiffrement
tls-score-total = Points au total
tls-fact-resumption13 = Les sessions TLS 1.3 sont reprises
tls-fact-resumption12 = Les sessions TLS 1.2 sont reprises
tls-fact-stapling = Preuve de validité jointe au certificat (OCSP)
tls-fact-renegotiation = Renégociation sécurisée annoncée
tls-fact-compression = Compression acceptée

tls-rule-untrusted = Le certificat n’est pas valable ou n’est pas reconnu (T).
tls-rule-sha1-signature = Un certificat est signé avec SHA-1 (T).
tls-rule-other-name = Le certificat est pour un autre nom (M).
tls-rule-ssl2 = SSL 2.0 est accepté (au mieux F).
tls-rule-export = Des suites affaiblies pour l’exportation sont acceptées (au mieux F).
tls-rule-anonymous = Des suites qui ne disent pas qui répond sont acceptées (au mieux F).
tls-rule-no-encryption = Des suites sans chiffrement sont acceptées (au mieux F).
tls-rule-md5-signature = Un certificat est signé avec MD5 ou MD2 (au mieux F).
tls-rule-key-broken = La clé d’un certificat a moins de 1 024 bits (au mieux F).
tls-rule-dh-broken = Des nombres premiers Diffie-Hellman ont moins de 1 024 bits (au mieux F).
tls-rule-no-tls12 = Ni TLS 1.2 ni TLS 1.3 n’est accepté (au mieux C).
tls-rule-poodle = SSL 3.0 est accepté avec des suites CBC : POODLE (au mieux C).
tls-rule-rc4-modern = RC4 est accepté avec TLS 1.1 ou plus récent (au mieux C).
tls-rule-block64 = Des chiffrements par blocs de 64 bits, comme 3DES, sont acceptés avec TLS 1.1 ou plus récent (au mieux C).
tls-rule-compression = La compression est acceptée : CRIME (au mieux C).
tls-rule-ssl3 = SSL 3.0 est accepté (au mieux B).
tls-rule-old-tls = TLS 1.0 ou TLS 1.1 est accepté (au mieux B).
tls-rule-rc4 = RC4 est accepté (au mieux B).
tls-rule-key-weak = La clé d’un certificat a moins de 2 048 bits (au mieux B).
tls-rule-dh-weak = Des nombres premiers Diffie-Hellman ont moins de 2 048 bits (au mieux B).
tls-rule-no-forward-secrecy = La version la plus récente n’accepte aucune suite à confidentialité persistante (au mieux B).
tls-rule-no-aead = Aucune suite à chiffrement authentifié n’est acceptée (au mieux B).
tls-rule-no-tls13 = TLS 1.3 n’est pas accepté (au mieux A-).
tls-rule-no-secure-renegotiation = La renégociation sécurisée n’est pas annoncée (au mieux A-).
tls-rule-no-hsts = Les navigateurs n’ont pas pour consigne de n’utiliser que HTTPS : pas de HSTS (au mieux A-).
tls-rule-short-hsts = HSTS vaut pour moins de six mois (au mieux A).

tls-open-title = Ce qui n’a pas été examiné
tls-open-lead = Chacun de ces points pourrait abaisser la note. Ce que le site n’accepte pas ne peut pas être attaqué, et ne figure donc pas ici.
tls-open-ssl2 = Si SSL 2.0 est accepté : un visiteur ne le demande pas ainsi.
tls-open-hsts = HSTS : la réponse du site n’a pas pu être lue.
tls-open-key = La force de la clé d’un certificat : son type n’est pas connu ici.
tls-open-renegotiation = Si une renégociation non sécurisée est possible.
tls-open-robot = Si l’échange de clés RSA se trahit (ROBOT).
tls-open-cbc-oracles = Si les suites CBC se trahissent (POODLE sur TLS, Zombie POODLE, GOLDENDOODLE et d’autres).
tls-open-heartbleed = Heartbleed.
tls-open-programs = Les failles de certains programmes (ChangeCipherSpec prématuré, Ticketbleed).
tls-open-debian-key = Si la clé RSA est l’une des clés prévisibles de Debian de 2008.
tls-open-revocation = Si un certificat a été révoqué.
tls-open-simulations = Ce que choisiraient certains navigateurs.
tls-open-addresses = Les autres adresses réseau du même nom.
tls-open-preload-list = Si les listes de préchargement des navigateurs contiennent ce site.
