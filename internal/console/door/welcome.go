package door

import (
	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// welcomePage is the first page of somebody new.
type welcomePage struct {
	Key      string // the secret of a key that was made just now
	Curl     string
	MayMake  bool // keys
	Operator bool
	Mail     bool
	Person   account.Person
}

func (p *Pages) welcome(d *desk.Desk) error { return p.welcomePage(d, "") }

func (p *Pages) welcomePage(d *desk.Desk, key string) error {
	role := d.Seat.Role
	v := welcomePage{Key: key, Operator: d.Visitor.Operator.ID != "", Mail: p.o.Mail.On(), Person: d.Visitor.Person,
		MayMake: d.CanWrite() && (role == account.RoleOwner || role == account.RoleDeveloper)}
	shown := key
	if shown == "" {
		shown = "sk-…"
	}
	v.Curl = "curl " + d.Base + "/v1/chat/completions \\\n  -H \"x-api-key: " + shown + "\" \\\n  -H \"Content-Type: application/json\" \\\n" +
		"  -d '{\"model\": \"deepbrain-router\", \"messages\": [{\"role\": \"user\", \"content\": \"How do I add a model?\"}]}'"
	if key != "" {
		d.Header().Set("Cache-Control", "no-store")
	}
	return d.Page(p.room, "welcome", ui.View{Title: "Welcome", Data: v})
}

// firstKey makes a key in one click. Its secret is in this answer alone.
func (p *Pages) firstKey(d *desk.Desk) error {
	key, err := p.o.People.CreateSeatKey(d.Ctx(), d.Seat, skytells.KeyRequest{Name: "First key of " + d.Visitor.Person.Name})
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.welcomePage(d, "")
	}
	return p.welcomePage(d, key.Secret)
}
