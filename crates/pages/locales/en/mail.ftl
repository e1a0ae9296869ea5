# Mails to the owner of an account: subject, body, and what stands below each.

mail-locked-subject = Too many tries to sign in to your account
mail-locked-body =
    Somebody tried too often to sign in to your account { $login } on { $portal }. The last try came from { $place } on { $at }.

    For a while, the account refuses devices that have never signed in to it. Devices that you have used before still work.

    If that was you, wait, or unlock the account here:
    { $link }

    If it wasn’t, there is nothing you must do: none of these tries succeeded. If you use your password elsewhere too, or suspect that somebody knows it, change it.
mail-password-changed-subject = Your password was changed
mail-password-changed-body =
    The password of your account { $login } on { $portal } was changed from { $place } on { $at }. All other sessions have ended.

    If that was you, there is nothing to do. If it wasn’t, tell whoever runs { $portal } at once; as long as you can still sign in, choose a new password here:
    { $link }
mail-app-password-made-subject = A new app password was made
mail-app-password-made-body =
    An app password “{ $name }” was made for your account { $login } on { $portal }, from { $place } on { $at }.

    If that was you, there is nothing to do. If it wasn’t, revoke it here, and change your password:
    { $link }
mail-factor-added-subject = A second step at sign-in was added
mail-factor-added-body =
    The authenticator app “{ $name }” was added to your account { $login } on { $portal }, from { $place } on { $at }.

    If that was you, there is nothing to do. If it wasn’t, remove it here, and change your password:
    { $link }
mail-factor-removed-subject = A second step at sign-in was removed
mail-factor-removed-body =
    The authenticator app “{ $name }” was removed from your account { $login } on { $portal }, from { $place } on { $at }.

    If that was you, there is nothing to do. If it wasn’t, somebody was signed in as you: change your password here, and tell whoever runs { $portal }:
    { $link }
mail-passkey-added-subject = A passkey was added
mail-passkey-added-body =
    The passkey “{ $name }” was added to your account { $login } on { $portal }, from { $place } on { $at }. It opens the account without the password.

    If that was you, there is nothing to do. If it wasn’t, remove it here, and change your password:
    { $link }
mail-passkey-removed-subject = A passkey was removed
mail-passkey-removed-body =
    The passkey “{ $name }” was removed from your account { $login } on { $portal }, from { $place } on { $at }.

    If that was you, there is nothing to do. If it wasn’t, somebody was signed in as you: change your password here, and tell whoever runs { $portal }:
    { $link }
mail-passkey-copied-subject = There may be a copy of your passkey
mail-passkey-copied-body =
    Somebody tried to sign in to your account { $login } on { $portal } with the passkey “{ $name }”, from { $place } on { $at }. Passkeys of this kind count how often they are used, and this count was behind. It was refused: there may be a copy, and somebody else may have it.

    Remove this passkey here and add a new one, even if that was you:
    { $link }
mail-recovery-used-subject = A recovery code was used
mail-recovery-used-body =
    Somebody signed in to your account { $login } on { $portal } with a recovery code, from { $place } on { $at }. { $left ->
        [0] None is left.
        [1] One is left.
       *[other] { $left } are left.
    }

    If that was you, you can make new codes here. If it wasn’t, change your password there at once:
    { $link }
mail-recovery-renewed-subject = New recovery codes were made
mail-recovery-renewed-body =
    New recovery codes were made for your account { $login } on { $portal }, from { $place } on { $at }. Those from before don’t work any more.

    If that was you, there is nothing to do. If it wasn’t, make new ones here, and change your password:
    { $link }
mail-codes-wrong-subject = Somebody knows your password
mail-codes-wrong-body =
    Somebody gave the right password of your account { $login } on { $portal }, and then too many wrong codes. The last came from { $place } on { $at }. None of them was let in.

    If that was you, wait a few minutes. If it wasn’t, your password isn’t secret any more: change it here, and wherever else you use it:
    { $link }
mail-reset-subject = Choose another password
mail-reset-body =
    Somebody asked for another password for your account { $login } on { $portal }, from { $place } on { $at }.

    If that was you, choose it here within half an hour:
    { $link }

    If it wasn’t, there is nothing you must do: your password stays as it is.
mail-invited-subject = There is an account for you
mail-invited-body =
    An account { $login } was made for you on { $portal }. Choose its password here within half an hour:
    { $link }

    If that is too short a time, ask for another link on the page where one signs in.
mail-address-changing-subject = Your account is to have another address
mail-address-changing-body =
    Somebody who is signed in to your account { $login } on { $portal } wants { $name } to be its e-mail address, from { $place } on { $at }. A link went there. Once it is followed, mail of the account goes to that address, and no longer to this one.

    If that was you, there is nothing to do here. If it wasn’t, somebody is signed in as you: change your password at once, which ends their session and makes that link worthless:
    { $link }
mail-address-confirm-subject = Confirm your new address
mail-address-confirm-body =
    Somebody who is signed in to the account { $login } on { $portal } gave this as its new e-mail address, from { $place } on { $at }.

    If that was you, confirm it here within half an hour:
    { $link }

    If it wasn’t, there is nothing you must do: without the link nothing changes.
mail-address-taken-subject = This address has an account already
mail-address-taken-body =
    Somebody who is signed in to another account on { $portal } wanted to use this address for it, from { $place } on { $at }. It is that of your account { $login }, and an address belongs to one account only: nothing was changed.

    If that was you, sign in to the account { $login }, or give that one another address first. If it wasn’t, there is nothing you must do.
mail-address-changed-subject = The address of your account was changed
mail-address-changed-body =
    The e-mail address of your account { $login } on { $portal } was changed from { $place } on { $at }. Its mail goes to the new address from now on; this is the last one to this address. All other sessions have ended.

    If that was you, there is nothing to do. If it wasn’t, tell whoever runs { $portal } at once; as long as you can still sign in, choose a new password here:
    { $link }
mail-lost-factor-begun-subject = Have you lost your second step?
mail-lost-factor-begun-body =
    An administrator of { $portal } has begun, on { $at }, to let you in to your account { $login } without your second step, since somebody told them that you have lost it. On { $opens } a link goes to this address: with it and your password you can sign in once, your second step is removed, and you switch on another.

    If you have asked for this, wait for that mail.

    If you haven’t, somebody wants to get in as you. Stop it here; signing in with your second step stops it, too:
    { $link }
mail-lost-factor-open-subject = Sign in without your second step
mail-lost-factor-open-body =
    The waiting time for your account { $login } on { $portal } is over. With this link and your password you can sign in once without your second step, which is removed then. The link holds until { $until }:
    { $link }

    If you haven’t asked for this, don’t follow it. Sign in with your second step, which stops it, change your password, and tell whoever runs { $portal }.
mail-lost-factor-stopped-subject = Your second step stays as it is
mail-lost-factor-stopped-body =
    An administrator had begun to let you in to your account { $login } on { $portal } without your second step. That was stopped on { $at }, and your second step stays as it is.

    If you still need it, ask whoever runs { $portal } once more.
mail-register-subject = Make your account
mail-register-body =
    Somebody wants to make an account on { $portal } with this address, from { $place } on { $at }.

    If that was you, choose its password here within half an hour:
    { $link }

    If it wasn’t, there is nothing you must do: without the link no account is made.
mail-registered-before-subject = You have an account already
mail-registered-before-body =
    Somebody wanted to make an account on { $portal } with this address, from { $place } on { $at }. There is one already, { $login }: nothing was changed.

    If that was you, sign in to it; if you have forgotten its password, ask for another on the page where one signs in. If it wasn’t, there is nothing you must do.
mail-foot = { $portal } sends this to the address of the account { $login }. It never asks for your password by mail.
mail-foot-address = { $portal } sends this because somebody entered this address there. It never asks for your password by mail.
mail-approval-waits-subject = Something waits for your approval on { $portal }
mail-approval-waits-body =
    { $name } asks for this on { $portal }: “{ $what }”. It waits until another administrator, such as you, approves it, and is forgotten after a day.

    Look at it, then approve or refuse it:
    { $link }

    If { $name } says that they haven’t asked for it, somebody else is signed in as them.
