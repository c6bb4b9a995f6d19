package catalog

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

const (
	maxPrices       = 1000 // of one model that are listed
	maxCachedPrices = 4096
)

// priceReader reads the amounts of a price; the first error stays.
type priceReader struct{ err error }

func (r *priceReader) rate(amount skytells.Amount, unit string) money.Nanos {
	if amount == "" || r.err != nil {
		return 0
	}
	rate, err := price.ParseRate(string(amount), unit)
	r.err = err
	return rate
}

// or is rate, or the other one where no amount is given.
func (r *priceReader) or(amount skytells.Amount, other money.Nanos) money.Nanos {
	if amount == "" {
		return other
	}
	return r.rate(amount, price.MillionTokens)
}

// parsePrice makes the price of a description in its normal form. It checks no more than
// it needs, so that what an earlier version of the server let in is read for good.
func parsePrice(s skytells.PricingSpec, version int64) (*price.Price, error) {
	var r priceReader
	p := &price.Price{Version: version, Unit: s.Unit, OnCancel: price.OnCancel(s.OnCancel)}
	p.Request, p.Hold = r.rate(s.Request, price.Prediction), r.rate(s.Hold, price.Prediction)
	all := r.rate(s.Amount, s.Unit)
	if price.IsTokens(s.Unit) {
		p.Input, p.Output = r.or(s.Input, all), r.or(s.Output, all)
		p.Cached, p.Reasoning = r.or(s.CachedInput, p.Input), r.or(s.Reasoning, p.Output)
	} else {
		p.Rate = all
	}
	if p.OnCancel == "" {
		p.OnCancel = price.Used
	}
	for _, c := range s.Criterias {
		value, err := json.Marshal(c.Value)
		if err != nil {
			return nil, fmt.Errorf("value of a criterion: %w", err)
		}
		p.Criteria = append(p.Criteria, price.Criterion{Field: c.Field, Value: string(value), Rate: r.rate(c.BillablePrice, c.Unit), Unit: c.Unit})
	}
	if s.Formula != nil {
		p.Formula = &price.Formula{}
		for _, t := range s.Formula.Terms {
			p.Formula.Terms = append(p.Formula.Terms, price.Term{Of: t.MegapixelType, Rate: r.rate(s.Formula.Variables[t.RateKey], price.Megapixel)})
		}
	}
	if r.err != nil {
		return nil, fmt.Errorf("an amount %w", r.err)
	}
	return p, nil
}

// Prices lists a model's prices, newest first, also of a model that is gone. The error is
// MODEL_NOT_FOUND where there never was one of that slug.
func (c *Catalog) Prices(ctx context.Context, model string) ([]skytells.PriceVersion, error) {
	list := []skytells.PriceVersion{}
	err := c.db.Read(ctx, func(tx *store.Tx) error {
		list = list[:0]
		return tx.Each(ctx, `select version, at, actor, spec from price where model = $1 order by version desc limit $2`, func(scan func(...any) error) error {
			v := skytells.PriceVersion{Model: model}
			var at int64
			var spec string
			if err := scan(&v.Version, &at, &v.Actor, &spec); err != nil {
				return err
			}
			v.CreatedAt = store.Time(at)
			err := fromText(spec, &v.Pricing)
			v.Pricing.Version = v.Version
			list = append(list, v)
			return err
		}, model, maxPrices)
	})
	if err != nil {
		return nil, fmt.Errorf("read the prices of %s: %w", quotable(model), err)
	}
	if len(list) == 0 {
		if _, err := c.BySlug(model); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// priceCache keeps prices that were asked for by their version; a version never changes.
type priceCache struct {
	mu   sync.Mutex
	kept map[int64]*price.Price
}

func (c *priceCache) get(version int64) *price.Price {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[version]
}

func (c *priceCache) put(p *price.Price) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil || len(c.kept) >= maxCachedPrices {
		c.kept = map[int64]*price.Price{}
	}
	c.kept[p.Version] = p
}

// PriceAt is a price by its version, for the explanation of a charge, whatever became of
// the model. Version 0, what is free, is nil. It must not be changed.
func (c *Catalog) PriceAt(ctx context.Context, version int64) (*price.Price, error) {
	if version == 0 {
		return nil, nil
	}
	if p := c.prices.get(version); p != nil {
		return p, nil
	}
	var text string
	err := c.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `select spec from price where version = $1`, version).Scan(&text)
	})
	if errors.Is(err, sql.ErrNoRows) {
		e := fault.Newf(fault.InvalidParameter, "There is no version %d of a price.", version)
		e.Status = http.StatusNotFound
		return nil, e
	}
	if err != nil {
		return nil, fmt.Errorf("read version %d of a price: %w", version, err)
	}
	var spec skytells.PricingSpec
	if err := fromText(text, &spec); err != nil {
		return nil, fmt.Errorf("version %d of a price: %w", version, err)
	}
	p, err := parsePrice(spec, version)
	if err != nil {
		return nil, fmt.Errorf("version %d of a price: %w", version, err)
	}
	c.prices.put(p)
	return p, nil
}

// price gives the record the version of its price: a new one where the price is not what
// it was. The catalogue is locked, so that no two changes take the same number.
func (w *writer) price(ctx context.Context, r *modelRecord, before modelRecord) error {
	text, err := pricingText(r.spec.Pricing)
	if err != nil {
		return err
	}
	old, err := pricingText(before.spec.Pricing)
	switch {
	case err != nil:
		return err
	case text == "":
		r.priceVersion = 0
		return nil
	case text == old && before.priceVersion != 0:
		return nil
	}
	if err := w.tx.QueryRow(ctx, `select coalesce(max(version), 0) + 1 from price`).Scan(&r.priceVersion); err != nil {
		return fmt.Errorf("number the price: %w", err)
	}
	_, err = w.tx.Exec(ctx, `insert into price (version, model, at, actor, spec) values ($1, $2, $3, $4, $5)`,
		r.priceVersion, r.spec.Slug, w.at, w.actor, text)
	if err != nil {
		return fmt.Errorf("write the price: %w", err)
	}
	return nil
}

// pricingText is a price as it is stored: JSON, "" for none.
func pricingText(s *skytells.PricingSpec) (string, error) {
	if s == nil {
		return "", nil
	}
	text, err := json.Marshal(s)
	return string(text), err
}

// pricingOf reads what pricingText wrote.
func pricingOf(text string) (*skytells.PricingSpec, error) {
	if text == "" {
		return nil, nil
	}
	s := &skytells.PricingSpec{}
	return s, json.Unmarshal([]byte(text), s)
}
