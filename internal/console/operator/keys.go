package operator

import (
	"cmp"
	"slices"
	"time"

	"skytower/internal/console/desk"
	"skytower/internal/skytells"
)

type keysView struct {
	accountHead
	cut
	Keys  []keyLine
	All   bool // ended ones, too
	Ended int
	Form  keyForm
}

// keyLine is a key in a list.
type keyLine struct {
	skytells.Key
	State string
}

// keyForm is what was typed about a new key.
type keyForm struct {
	Name, Budget, Expires string
	Scopes                []scopeChoice
}

type scopeChoice struct {
	Value, Label string
	Checked      bool
}

func scopes(chosen []string) []scopeChoice {
	var out []scopeChoice
	for _, c := range desk.Scopes() {
		out = append(out, scopeChoice{c.Value, c.Label, slices.Contains(chosen, c.Value) || chosen == nil && c.Value != "billing:write"})
	}
	return out
}

func (p *Pages) keys(d *desk.Desk) error { return p.showKeys(d, keyForm{Scopes: scopes(nil)}) }

// showKeys lists an account's keys, newest first.
func (p *Pages) showKeys(d *desk.Desk, f keyForm) error {
	h, err := head(d, "/keys")
	if err != nil {
		return err
	}
	all, err := d.Admin.Keys(d.Ctx(), h.ID)
	if err != nil {
		return err
	}
	v := keysView{accountHead: h, All: d.Query("all") != "", Form: f}
	slices.Reverse(all)
	now := time.Now()
	var lines []keyLine
	for _, k := range all {
		state := desk.KeyState(k, now)
		if state != "active" && state != "replaced" {
			v.Ended++
			if !v.All {
				continue
			}
		}
		lines = append(lines, keyLine{k, state})
	}
	v.Keys, v.cut = page(d, lines, accountAt(h.ID, "/keys"), "all", d.Query("all"))
	return p.show(d, "keys", h.Name+": keys", v)
}

// madeView shows a secret, this once.
type madeView struct {
	accountHead
	What, Note, Secret string
	Back               string
}

func (p *Pages) makeKey(d *desk.Desk) error {
	chosen := append([]string{}, d.Form()["scope"]...)
	f := keyForm{Name: typed(d, "name"), Budget: typed(d, "budget"), Expires: d.Value("expires"), Scopes: scopes(chosen)}
	r := skytells.KeyRequest{Account: d.Request.PathValue("id"), Name: f.Name, Scopes: chosen, Budget: dollars(f.Budget)}
	expires, err := time.Parse(time.DateOnly, f.Expires)
	switch {
	case len(chosen) == 0:
		d.Note("bad", "Choose at least one thing that the key may do.")
		return p.showKeys(d, f)
	case r.Budget != "" && !isDollars(r.Budget):
		d.Note("bad", "The budget must be dollars, such as 25 or 9.50.")
		return p.showKeys(d, f)
	case f.Expires != "" && err != nil:
		d.Note("bad", "The end must be a day such as 2027-01-31.")
		return p.showKeys(d, f)
	case f.Expires != "":
		end := expires.AddDate(0, 0, 1) // the day itself is included
		r.ExpiresAt = &end
	}
	key, err := d.Admin.CreateKey(d.Ctx(), r)
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showKeys(d, f)
	}
	return p.showSecret(d, "The key "+cmp.Or(key.Name, key.Masked)+" is made", "", key.Secret)
}

// showSecret shows a key of the account, this once.
func (p *Pages) showSecret(d *desk.Desk, what, note, secret string) error {
	h, err := head(d, "/keys")
	if err != nil {
		return err
	}
	return p.show(d, "made", what, madeView{h, what, note, secret, accountAt(h.ID, "/keys")})
}

func (p *Pages) rotateKey(d *desk.Desk) error {
	key, err := p.ownKey(d)
	if err != nil {
		return err
	}
	made, err := d.Admin.RotateKey(d.Ctx(), key.ID, skytells.RotateRequest{})
	if err != nil {
		return sayAt(d, err, accountAt(key.Account, "/keys"), "")
	}
	return p.showSecret(d, "A new key in place of "+cmp.Or(key.Name, key.Masked), "The old one works for a day more.", made.Secret)
}

func (p *Pages) revokeKey(d *desk.Desk) error {
	key, err := p.ownKey(d)
	if err != nil {
		return err
	}
	_, err = d.Admin.RevokeKey(d.Ctx(), key.ID)
	return sayAt(d, err, accountAt(key.Account, "/keys"), "The key is revoked, everywhere within two seconds.")
}

// ownKey is the key of the address, if it is the account's.
func (p *Pages) ownKey(d *desk.Desk) (skytells.Key, error) {
	key, err := d.Admin.Key(d.Ctx(), d.Request.PathValue("key"))
	if err == nil && key.Account != d.Request.PathValue("id") {
		return key, noSuch("key")
	}
	return key, err
}
