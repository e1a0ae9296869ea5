# Les clés d’accès : se connecter avec l’une d’elles et leur gestion.

passkey-sign-in = Se connecter avec une clé d’accès
passkey-use = Utiliser une clé d’accès
passkey-no-script = Les clés d’accès ont besoin de JavaScript, qui est désactivé dans ce navigateur.
passkey-failed = Le navigateur n’a donné aucune clé d’accès. Réessayez ou continuez d’une autre façon.
passkey-refused = Cette clé d’accès n’a pas été acceptée. Réessayez ou connectez-vous d’une autre façon.
code-lead-passkey = Utilisez l’une de vos clés d’accès pour { $portal }.
code-instead = Ou avec un code
label-recovery = Code de secours
recovery-hint = Saisissez l’un des codes de secours que vous avez gardés.

passkeys-title = Clés d’accès
passkeys-lead = Une clé d’accès est gardée par votre téléphone, votre ordinateur ou une clé de sécurité. Elle vous connecte sans mot de passe, et une page qui ne fait que ressembler à celle-ci n’en tire rien.
passkey-add = Ajouter une clé d’accès
passkey-add-lead = Donnez-lui un nom. Votre navigateur demande ensuite où la garder, puis votre doigt, votre visage ou un code PIN.
passkey-add-button = Créer la clé d’accès
passkey-name = Le nom que vous donnez à cette clé d’accès
passkey-name-hint = Pour la reconnaître plus tard : « mon ordinateur ».
passkey-not-added = Cette clé d’accès n’a pas été ajoutée. Réessayez, ou avec un autre appareil.
notice-passkey-removed = La clé d’accès a été supprimée. Supprimez-la aussi de votre appareil, s’il la propose encore.
