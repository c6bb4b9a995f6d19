package cli

import (
	"context"
	"errors"
	"net/http"

	"skytower/internal/skytells"
)

type whoamiCommand struct{ accountKey }

// identity is one key that commands would use.
type identity struct {
	Kind    string `json:"kind"`
	Key     string `json:"key"` // masked
	From    string `json:"from"`
	Works   bool   `json:"works"`
	Account string `json:"account,omitempty"`
	Problem string `json:"problem,omitempty"`
}

// self is what commands would use now.
type self struct {
	Server     string     `json:"server"`
	From       string     `json:"server_from"`
	Identities []identity `json:"keys"`
	Others     []string   `json:"other_servers"` // whose keys are kept as well
}

var errNoKey = errors.New("no key works")

// Run tries the keys that other commands would take. Exit code 1 where none works.
func (w *whoamiCommand) Run(ctx context.Context, s *session) error {
	address, from, err := s.address()
	if err != nil {
		return err
	}
	me := self{Server: address, From: from, Identities: []identity{}}
	if me.Others, err = s.otherServers(address); err != nil {
		return err
	}
	if found, err := w.find(s, address); err != nil {
		return err
	} else if found.key != "" {
		one, err := s.identify(ctx, address, found, apiKind)
		if err != nil {
			return err
		}
		me.Identities = append(me.Identities, one)
	}
	if found, err := s.operatorKey(address); err == nil {
		one, err := s.identify(ctx, address, found, operatorKind)
		if err != nil {
			return err
		}
		me.Identities = append(me.Identities, one)
	}
	if err := s.show(me, func(t *table) { drawSelf(t, me) }); err != nil {
		return err
	}
	for _, one := range me.Identities {
		if one.Works {
			return nil
		}
	}
	if len(me.Identities) == 0 {
		return usagef("there is no key for %s: 'skytower login' keeps one", address)
	}
	return errNoKey
}

func (s *session) otherServers(address string) ([]string, error) {
	all, err := s.kept()
	if err != nil {
		return nil, err
	}
	name, err := serverName(address)
	others := []string{}
	for _, one := range serversOf(all) {
		if one != name {
			others = append(others, one)
		}
	}
	return others, err
}

// identify tries a key. The error is that no server answers, or that the key may not
// travel; a refused key is no error.
func (s *session) identify(ctx context.Context, address string, found keySource, kind string) (identity, error) {
	one := identity{Kind: kind, Key: masked(found.key), From: found.from, Works: true}
	c, err := s.newClient(address, found.key)
	if err != nil {
		return one, err
	}
	defer c.CloseIdle()
	if kind == apiKind {
		var balance skytells.Balance
		balance, err = c.MyBalance(ctx)
		one.Account = balance.Account
	} else {
		_, err = c.Settings(ctx)
	}
	var no *skytells.APIError
	if errors.As(err, &no) {
		if no.Status != http.StatusForbidden { // it may not do just this
			one.Works, one.Problem = false, no.Message
		}
		return one, nil
	}
	return one, err
}

func drawSelf(t *table, me self) {
	t.row("server", me.Server+" ("+me.From+")")
	for _, one := range me.Identities {
		text := one.Key + " (" + one.From + ")"
		if one.Account != "" {
			text += " of account " + one.Account
		}
		if !one.Works {
			text += ": " + one.Problem
		}
		t.row(kindText(one.Kind), text)
	}
	for _, other := range me.Others {
		t.row("also kept", other+" (skytower login --use "+other+")")
	}
}
