package developer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/skytells"
)

// Bounds of the list.
const (
	keysAsked  = 1000 // of one question
	keysPages  = 20   // questions at most
	keysOnPage = 50
)

// shownKey is a key with what it did.
type shownKey struct {
	skytells.Key
	State string
	Spent skytells.Amount // in this calendar month
	Used  int             // percent of the budget
}

// everyKey reads the keys that the seat is for, newest first.
func (p *Pages) everyKey(d *desk.Desk) ([]skytells.Key, error) {
	var all []skytells.Key
	after := ""
	for range keysPages {
		keys, err := p.o.Accounts.SeatKeys(d.Ctx(), d.Seat, account.Page{After: after, Limit: keysAsked})
		if err != nil {
			return nil, err
		}
		all = append(all, keys...)
		if len(keys) < keysAsked {
			break
		}
		after = keys[len(keys)-1].ID
	}
	slices.Reverse(all)
	return all, nil
}

// keyNames are the names of the seat's keys by their ids.
func (p *Pages) keyNames(d *desk.Desk) (map[string]string, error) {
	keys, err := p.everyKey(d)
	names := make(map[string]string, len(keys))
	for _, k := range keys {
		names[k.ID] = cmp.Or(k.Name, k.Masked)
	}
	return names, err
}

// spending is what each key spent in this month.
func spending(d *desk.Desk) (map[string]skytells.Amount, error) {
	u, err := d.V1.MyUsage(d.Ctx(), skytells.UsageQuery{From: time.Now().UTC().Format("2006-01") + "-01", By: "key"})
	spent := make(map[string]skytells.Amount, len(u.Data))
	for _, row := range u.Data {
		spent[row.Key] = row.Amount
	}
	return spent, err
}

func shown(k skytells.Key, spent map[string]skytells.Amount, now time.Time) shownKey {
	s := shownKey{Key: k, State: desk.KeyState(k, now), Spent: cmp.Or(spent[k.ID], "0")}
	budget, err := money.Parse(string(k.Budget))
	used, problem := money.Parse(string(s.Spent))
	if err == nil && problem == nil && budget > 0 {
		s.Used = int(min(used/max(budget/100, 1), 100)) //nolint:gosec // at most 100
	}
	return s
}

type keysView struct {
	Keys                 []shownKey
	All                  bool // ended ones, too
	Search               string
	Total, Ended         int
	Next, Previous, Span string
	MayMake              bool
}

// keys lists them.
func (p *Pages) keys(d *desk.Desk) error {
	all, err := p.everyKey(d)
	if err != nil {
		return err
	}
	spent, err := spending(d)
	if err != nil {
		return err
	}
	v := keysView{All: d.Query("all") != "", Search: d.Query("q"), Total: len(all), MayMake: makesKeys(d)}
	now := time.Now()
	var found []shownKey
	for _, k := range all {
		s := shown(k, spent, now)
		ended := s.State == "revoked" || s.State == "expired"
		if ended {
			v.Ended++
		}
		if (v.All || !ended) && matches(v.Search, k.Name, k.Masked, k.ID) {
			found = append(found, s)
		}
	}
	v.cut(found, page(d, len(found)/keysOnPage+1))
	return p.show(d, "keys", "API keys", v)
}

// cut takes one page of what was found.
func (v *keysView) cut(found []shownKey, page int) {
	from := (page - 1) * keysOnPage
	to := min(from+keysOnPage, len(found))
	from = min(from, to)
	v.Keys = found[from:to]
	link := func(n int) string {
		q := fmt.Sprintf("/keys?page=%d", n)
		if v.All {
			q += "&all=1"
		}
		if v.Search != "" {
			q += "&q=" + queryEscape(v.Search)
		}
		return q
	}
	if page > 1 {
		v.Previous = link(page - 1)
	}
	if to < len(found) {
		v.Next = link(page + 1)
	}
	v.Span = fmt.Sprintf("%d–%d of %d", from+1, to, len(found))
}

// matches reports whether one of the texts holds what was searched.
func matches(search string, texts ...string) bool {
	search = strings.ToLower(strings.TrimSpace(search))
	return search == "" || slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), search) })
}

// keyForm is what people typed about a key.
type keyForm struct {
	ID                                       string
	Name, Budget, Expires, Models, Addresses string
	Scopes                                   []scopeChoice
	BudgetError, ExpiresError                string
	Today                                    string
	Slugs                                    []string // of the models, to choose from
}

type scopeChoice struct {
	Value, Label string
	Checked      bool
}

// scopeChoices are the scopes that the seat's role can give away; all are checked but
// payments, which few programs need, unless some were chosen.
func scopeChoices(d *desk.Desk, chosen []string) []scopeChoice {
	var out []scopeChoice
	words := d.Seat.Role.Scopes().Words()
	for _, c := range desk.Scopes() {
		if !slices.Contains(words, c.Value) {
			continue
		}
		checked := slices.Contains(chosen, c.Value)
		if chosen == nil {
			checked = c.Value != "billing:write"
		}
		out = append(out, scopeChoice{c.Value, c.Label, checked})
	}
	return out
}

// scopeWords are scopes in plain words.
func scopeWords(scopes []string) []string {
	var out []string
	for _, c := range desk.Scopes() {
		if slices.Contains(scopes, c.Value) {
			out = append(out, c.Label)
		}
	}
	return out
}

func (p *Pages) newKey(d *desk.Desk) error {
	if !makesKeys(d) {
		return p.tell(d, "API keys", "Your role in this account ("+string(d.Seat.Role)+") makes no keys. Ask an owner.")
	}
	return p.showNewKey(d, keyForm{Scopes: scopeChoices(d, nil)})
}

func (p *Pages) showNewKey(d *desk.Desk, f keyForm) error {
	f.Today = time.Now().UTC().Format(time.DateOnly)
	f.Slugs = slugs(d)
	return p.show(d, "keynew", "New API key", f)
}

// slugs are the names of the models, to choose from; none where they can't be had.
func slugs(d *desk.Desk) []string {
	models, err := d.V1.Models(d.Ctx())
	if err != nil {
		return nil
	}
	var out []string
	for _, m := range models {
		out = append(out, m.Namespace)
	}
	return out
}

// typedKey reads the form.
func typedKey(d *desk.Desk) keyForm {
	return keyForm{
		ID: d.Request.PathValue("id"), Name: strings.TrimSpace(d.Value("name")), Budget: strings.TrimSpace(d.Value("budget")), Expires: d.Value("expires"),
		Models: d.Value("models"), Addresses: d.Value("addresses"), Scopes: scopeChoices(d, append([]string{}, d.Form()["scope"]...)),
	}
}

// check finds what no service needs to be asked about.
func (f *keyForm) check() (budget skytells.Amount, expires *time.Time, ok bool) {
	budget = dollars(f.Budget)
	if _, err := money.Parse(string(budget)); budget != "" && err != nil {
		f.BudgetError = "This must be dollars, such as 25 or 9.50."
	}
	if f.Expires != "" {
		day, err := time.Parse(time.DateOnly, f.Expires)
		if err != nil {
			f.ExpiresError = "This must be a day such as 2027-01-31."
		}
		end := day.AddDate(0, 0, 1) // the day itself is included
		expires = &end
	}
	return budget, expires, f.BudgetError == "" && f.ExpiresError == ""
}

// makeKey makes a key and shows it, this once.
func (p *Pages) makeKey(d *desk.Desk) error {
	f := typedKey(d)
	budget, expires, ok := f.check()
	chosen := d.Form()["scope"]
	if len(chosen) == 0 {
		d.Note("bad", "Choose at least one thing that the key may do.")
		ok = false
	}
	if !ok {
		return p.showNewKey(d, f)
	}
	key, err := p.o.Accounts.CreateSeatKey(d.Ctx(), d.Seat, skytells.KeyRequest{
		Name: f.Name, Scopes: chosen, ExpiresAt: expires, Models: lines(f.Models), Addresses: lines(f.Addresses), Budget: budget,
	})
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showNewKey(d, f)
	}
	return p.showMade(d, key, "")
}

type madeView struct {
	Key    skytells.Key
	Curl   string
	Export string
	Old    string // how long the key that it replaces still works
}

func (p *Pages) showMade(d *desk.Desk, key skytells.Key, old string) error {
	v := madeView{Key: key, Old: old, Export: "export SKYTOWER_API_KEY=" + key.Secret}
	models, err := d.V1.Models(d.Ctx())
	if err != nil {
		return err
	}
	if m, ok := firstFree(models); ok && slices.Contains(key.Scopes, "inference") && (len(key.Models) == 0 || slices.Contains(key.Models, m.Namespace)) {
		v.Curl = snippet(curl, d.Base, m)
	}
	return p.show(d, "keymade", "Your new key", v)
}

// oneKey is a key of the seat by its id.
func (p *Pages) oneKey(d *desk.Desk) (skytells.Key, error) {
	keys, err := p.everyKey(d)
	if err != nil {
		return skytells.Key{}, err
	}
	id := d.Request.PathValue("id")
	i := slices.IndexFunc(keys, func(k skytells.Key) bool { return k.ID == id })
	if i < 0 {
		return skytells.Key{}, fault.New(fault.EndpointNotFound, "There is no such key.")
	}
	return keys[i], nil
}

type keyView struct {
	shownKey
	Form      keyForm
	Words     []string
	Maker     string
	MayChange bool
	Overlaps  []ui.Choice
}

func (p *Pages) key(d *desk.Desk) error {
	key, err := p.oneKey(d)
	if err != nil {
		return err
	}
	return p.showKey(d, key, keyForm{
		ID: key.ID, Name: key.Name, Budget: string(key.Budget), Models: strings.Join(key.Models, "\n"), Addresses: strings.Join(key.Addresses, "\n"),
	})
}

func (p *Pages) showKey(d *desk.Desk, key skytells.Key, f keyForm) error {
	spent, err := spending(d)
	if err != nil {
		return err
	}
	f.Slugs = slugs(d)
	v := keyView{shownKey: shown(key, spent, time.Now()), Form: f, Words: scopeWords(key.Scopes), MayChange: makesKeys(d) && key.RevokedAt == nil,
		Overlaps: []ui.Choice{{Value: "24h", Label: "one day"}, {Value: "168h", Label: "a week"}, {Value: "1h", Label: "one hour"}, {Value: "0s", Label: "not at all: it ends now"}}}
	if key.Member != "" {
		v.Maker = p.memberName(d, key.Member)
	}
	return p.show(d, "key", cmp.Or(key.Name, key.Masked), v)
}

func (p *Pages) changeKey(d *desk.Desk) error {
	key, err := p.oneKey(d)
	if err != nil {
		return err
	}
	f := typedKey(d)
	budget, _, ok := f.check()
	if !ok {
		return p.showKey(d, key, f)
	}
	models, addresses := append([]string{}, lines(f.Models)...), append([]string{}, lines(f.Addresses)...)
	change := skytells.KeyChange{Name: &f.Name, Models: &models, Addresses: &addresses, Budget: &budget}
	if _, err := p.o.Accounts.UpdateSeatKey(d.Ctx(), d.Seat, key.ID, change); err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showKey(d, key, f)
	}
	d.Note("good", "The key is changed, everywhere within two seconds.")
	return d.Redirect("/keys/" + key.ID)
}

func (p *Pages) rotateKey(d *desk.Desk) error {
	id, overlap := d.Request.PathValue("id"), d.Value("overlap")
	key, err := p.o.Accounts.RotateSeatKey(d.Ctx(), d.Seat, id, skytells.RotateRequest{Overlap: overlap})
	if err != nil {
		return p.sayAt(d, err, "/keys/"+id)
	}
	old := "ended now"
	if overlap != "0s" {
		old = "works for " + strings.NewReplacer("168h", "a week", "24h", "a day", "1h", "an hour").Replace(cmp.Or(overlap, "24h")) + " more"
	}
	return p.showMade(d, key, old)
}

func (p *Pages) revokeKey(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	key, err := p.o.Accounts.RevokeSeatKey(d.Ctx(), d.Seat, id)
	if err != nil {
		return p.sayAt(d, err, "/keys/"+id)
	}
	d.Note("good", "The key "+cmp.Or(key.Name, key.Masked)+" is revoked, everywhere within two seconds.")
	return d.Redirect("/keys")
}

// sayAt leads to a page with the sentence of a refusal.
func (p *Pages) sayAt(d *desk.Desk, err error, path string) error {
	if fault.Is(err, fault.InvalidParameter) && notFound(err) {
		return err
	}
	if err := d.Say(err); err != nil {
		return err
	}
	return d.Redirect(path)
}
