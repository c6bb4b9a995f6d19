package operator

import (
	"slices"
	"strings"
	"sync"
	"time"

	"skytower/internal/catalog"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

type peopleView struct {
	Operators         []operatorLine
	Name, Email, Role string // what was typed
	Roles             []ui.Choice
	All               bool
	Gone              int
}

// operatorLine is an operator; Me is the one who looks.
type operatorLine struct {
	skytells.Operator
	State string
	Me    bool
}

func (p *Pages) people(d *desk.Desk) error { return p.showPeople(d, peopleView{Role: "operator"}) }

// showPeople lists those who run the server.
func (p *Pages) showPeople(d *desk.Desk, v peopleView) error {
	all, err := d.Admin.Operators(d.Ctx())
	if err != nil {
		return err
	}
	v.All = d.Query("all") != ""
	v.Roles = choices("operator", "Operator: sees and changes everything", "auditor", "Auditor: sees everything, changes nothing")
	for _, o := range all {
		line := operatorLine{o, "active", o.ID == d.Visitor.Operator.ID}
		switch {
		case o.RevokedAt != nil:
			v.Gone++
			line.State = "revoked"
			if !v.All {
				continue
			}
		case !o.Joined && o.Email != "":
			line.State = "invited"
		case !o.Joined:
			line.State = "key only"
		}
		v.Operators = append(v.Operators, line)
	}
	return p.show(d, "people", "Operators", v)
}

func (p *Pages) inviteOperator(d *desk.Desk) error {
	v := peopleView{Name: typed(d, "name"), Email: typed(d, "email"), Role: d.Value("role")}
	made, err := d.Admin.InviteOperator(d.Ctx(), skytells.OperatorRequest{Email: v.Email, Name: v.Name, Role: v.Role})
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showPeople(d, v)
	}
	return p.handOver(d, Invitation{To: v.Email, Token: made.Token, Role: v.Role}, "/operator/people")
}

func (p *Pages) inviteOperatorAgain(d *desk.Desk) error {
	all, err := d.Admin.Operators(d.Ctx())
	if err != nil {
		return err
	}
	id, email := d.Request.PathValue("id"), typed(d, "email")
	at := slices.IndexFunc(all, func(o skytells.Operator) bool { return o.ID == id })
	if at < 0 {
		return noSuch("operator")
	}
	made, err := d.Admin.InviteOperatorAgain(d.Ctx(), id, skytells.OperatorRequest{Email: email})
	if err != nil {
		return sayAt(d, err, "/operator/people", "")
	}
	return p.handOver(d, Invitation{To: email, Token: made.Token, Role: all[at].Role}, "/operator/people")
}

func (p *Pages) revokeOperator(d *desk.Desk) error {
	_, err := d.Admin.RevokeOperator(d.Ctx(), d.Request.PathValue("id"))
	return sayAt(d, err, "/operator/people", "The operator is revoked: keys and sign-in end within two seconds.")
}

type settingsView struct {
	Settings         skytells.Settings
	Chat, Embeddings []ui.Choice
}

func (p *Pages) settings(d *desk.Desk) error {
	s, err := d.Admin.Settings(d.Ctx())
	if err != nil {
		return err
	}
	return p.showSettings(d, s)
}

// showSettings shows the stored choices.
func (p *Pages) showSettings(d *desk.Desk, s skytells.Settings) error {
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	if err != nil {
		return err
	}
	v := settingsView{Settings: s, Chat: choices("", "The built-in one"), Embeddings: choices("", "The built-in one")}
	for _, m := range specs {
		choice := ui.Choice{Value: m.Slug, Label: m.Slug}
		switch {
		case m.Slug == catalog.Router || !m.Open:
		case m.API == "chat":
			v.Chat = append(v.Chat, choice)
		case m.API == "embeddings":
			v.Embeddings = append(v.Embeddings, choice)
		}
	}
	return p.show(d, "settings", "Settings", v)
}

func (p *Pages) changeSettings(d *desk.Desk) error {
	s := skytells.Settings{DefaultChat: d.Value("chat"), DefaultEmbeddings: d.Value("embeddings")}
	if _, err := d.Admin.PutSettings(d.Ctx(), s); err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.showSettings(d, s)
	}
	d.Note("good", "The settings are stored, and hold everywhere within two seconds.")
	return d.Redirect("/operator/settings")
}

type systemView struct {
	skytells.System
	Running      string
	DatabasePing string
	RedisPing    string
	Settings     []skytells.SystemSetting
	Set          int // of them by somebody
	Search       string
	Only         bool // those that somebody set
	Problems     []problem
}

// system shows what the server says of itself.
func (p *Pages) system(d *desk.Desk) error {
	s, err := d.Admin.System(d.Ctx())
	if err != nil {
		return err
	}
	v := systemView{System: s, Running: ui.Duration(time.Since(s.StartedAt)), DatabasePing: milliseconds(s.Database.PingMS), RedisPing: milliseconds(s.Redis.PingMS),
		Search: asked(d, "q"), Only: d.Query("set") != "", Problems: systemProblems(s)}
	for _, setting := range s.Config {
		if !setting.Default {
			v.Set++
		}
		if (!v.Only || !setting.Default) && matches(v.Search, setting.Key, setting.Doc) {
			v.Settings = append(v.Settings, setting)
		}
	}
	return p.show(d, "system", "System", v)
}

// checksView is what the doctor found.
type checksView struct {
	Checks         []skytells.Check
	At             time.Time // zero: it was never asked since the start
	OK, Warn, Fail int
	Old            bool
}

// lastChecks keeps what the doctor found last, for the first page: asking takes seconds
// where something does not answer.
type lastChecks struct {
	mu   sync.Mutex
	view checksView
}

// checksLast is how long what was found is good for the first page.
const checksLast = 10 * time.Minute

func (p *Pages) lastFound() checksView {
	p.last.mu.Lock()
	defer p.last.mu.Unlock()
	v := p.last.view
	v.Old = time.Since(v.At) > checksLast
	v.Checks = slices.DeleteFunc(slices.Clone(v.Checks), func(c skytells.Check) bool { return c.State == skytells.CheckOK })
	return v
}

// checks asks the doctor; a part of the answer is for the script of the first page.
func (p *Pages) checks(d *desk.Desk) error {
	found, err := d.Admin.Doctor(d.Ctx())
	if err != nil {
		return err
	}
	v := checksView{Checks: found, At: time.Now()}
	for _, c := range found {
		switch c.State {
		case skytells.CheckOK:
			v.OK++
		case skytells.CheckWarn:
			v.Warn++
		default:
			v.Fail++
		}
	}
	p.last.mu.Lock()
	p.last.view = v
	p.last.mu.Unlock()
	if d.Query("part") != "" {
		return p.show(d, "checkspart", "Checks", p.lastFound())
	}
	order := []string{skytells.CheckFail, skytells.CheckWarn, skytells.CheckOK}
	slices.SortStableFunc(v.Checks, func(a, b skytells.Check) int { return slices.Index(order, a.State) - slices.Index(order, b.State) })
	return p.show(d, "checks", "Checks", v)
}

// Line is the result in a sentence.
func (v checksView) Line() string {
	var parts []string
	for _, c := range []struct {
		n    int
		what string
	}{{v.Fail, "failing"}, {v.Warn, "to look at"}, {v.OK, "fine"}} {
		if c.n > 0 {
			parts = append(parts, ui.Number(c.n)+" "+c.what)
		}
	}
	return strings.Join(parts, ", ")
}
