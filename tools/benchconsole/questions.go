package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"skytower/internal/ledger"
	"skytower/internal/prediction"
)

// question is one that a page asks.
type question struct {
	name string
	ask  func(context.Context) error
}

const busy = "acct_0" // the account with the most

func (b *bench) questions() []question {
	var list []question
	add := func(name string, ask func(context.Context) error) { list = append(list, question{name, ask}) }
	day, month := b.now.AddDate(0, 0, -1), b.now.AddDate(0, 0, -30)
	for whose, account := range map[string]string{"an account": busy, "all": ""} {
		add("summary of "+whose, func(ctx context.Context) error {
			_, err := b.l.Summary(ctx, account, "", "", b.now)
			return err
		})
		for name, f := range map[string]ledger.SeriesFilter{
			"hours of a day":          {From: day, To: b.now},
			"hours of a day by model": {From: day, To: b.now, By: "model"},
			"hours of a day by key":   {From: day, To: b.now, By: "key"},
			"days of a month":         {From: month, To: b.now, Daily: true},
			"days of a month by key":  {From: month, To: b.now, Daily: true, By: "key"},
		} {
			f.Account = account
			add(name+" of "+whose, func(ctx context.Context) error {
				_, err := b.l.Series(ctx, f)
				return err
			})
		}
		add("usage of a month by day and model of "+whose, func(ctx context.Context) error {
			_, err := b.l.Usage(ctx, ledger.UsageFilter{Account: account, From: month.Truncate(24 * time.Hour), To: b.now.Truncate(24*time.Hour).AddDate(0, 0, 1), ByDay: true, ByModel: true})
			return err
		})
		for name, f := range map[string]ledger.Filter{
			"newest":                          {},
			"5xx":                             {Class: 5},
			"4xx":                             {Class: 4},
			"429":                             {Status: 429},
			"a status that never comes":       {Status: 418},
			"a model":                         {Model: "model-3"},
			"a model that never comes":        {Model: "none"},
			"an error":                        {ErrorID: "PROVIDER_ERROR"},
			"of the first days":               {To: b.now.AddDate(0, 0, -27)},
			"a model's 4xx of the first days": {To: b.now.AddDate(0, 0, -27), Model: "model-3", Class: 4},
		} {
			f.Account = account
			add("requests, "+name+", of "+whose, func(ctx context.Context) error {
				_, err := b.l.Requests(ctx, f, ledger.Page{})
				return err
			})
		}
	}
	add("requests of a key", func(ctx context.Context) error {
		_, err := b.l.Requests(ctx, ledger.Filter{Account: busy, Key: "key_600"}, ledger.Page{})
		return err
	})
	add("charges of an account", func(ctx context.Context) error {
		_, err := b.l.Charges(ctx, busy, month, b.now, ledger.Page{})
		return err
	})
	list = append(list, b.predictions()...)
	slices.SortFunc(list, func(a, b question) int { return strings.Compare(a.name, b.name) })
	return list
}

func (b *bench) predictions() []question {
	room := prediction.New(prediction.Options{DB: b.db, Jobs: b.jobs})
	var list []question
	for name, f := range map[string]prediction.Filter{
		"first page":          {Page: 1, PerPage: 20},
		"page 200":            {Page: 200, PerPage: 50},
		"page 20 of a status": {Page: 20, PerPage: 20, Status: prediction.Failed},
		"page 20 of a model":  {Page: 20, PerPage: 20, Model: "model-1"},
	} {
		list = append(list, question{"predictions, " + name, func(ctx context.Context) error {
			_, err := room.List(ctx, busy, f)
			return err
		}})
	}
	return list
}
