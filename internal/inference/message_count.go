package inference

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skytower/internal/account"
	"skytower/internal/catalog"
	"skytower/internal/limit"
	"skytower/internal/provider"
)

// Counted is how many input tokens a request of the Messages API has.
type Counted struct {
	Tokens    int64
	Admission Admission
}

// countTimeout bounds the asking of upstreams: an estimate now is worth more than a count
// after a wait.
const countTimeout = 10 * time.Second

// CountMessage counts the input tokens of a request of the Messages API: by the upstream's
// own count where it has one, else by the size of the request. It costs nothing, and takes
// one request of the limits.
func (s *Service) CountMessage(ctx context.Context, who account.Principal, req *Request) (Counted, error) {
	r := &run{svc: s, who: who, req: req, preview: true, counting: true}
	if err := r.check(ctx); err != nil {
		return Counted{}, err
	}
	if err := r.takeOne(ctx); err != nil {
		return Counted{}, err
	}
	tokens, err := r.countInput(ctx)
	if err != nil {
		return Counted{}, r.explain(err)
	}
	return Counted{Tokens: tokens, Admission: Admission{Model: r.result.Model, Limits: r.limits}}, nil
}

// takeOne takes a request of the limits, and no token.
func (r *run) takeOne(ctx context.Context) (err error) {
	r.ticket, r.limits, err = r.svc.Limits.Take(ctx, limit.Request{
		ID: r.req.ID, Account: r.who.Account, Key: r.who.Key, Tier: r.who.Tier, Surface: r.req.Surface, Route: string(r.req.API), Model: r.model.Model.Slug,
	})
	switch {
	case err != nil:
		return fmt.Errorf("take from limits: %w", err)
	case !r.limits.Allowed:
		return denied(r.limits)
	}
	settled, cancel := r.afterwards(ctx)
	defer cancel()
	r.settle(settled, provider.Usage{})
	return nil
}

// countInput asks the targets in their order. What an upstream has against the request
// itself is told; one that fails is passed over.
func (r *run) countInput(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	m := r.model.Model
	for _, i := range r.svc.Routes.Peek(m.Slug, (*targetSet)(m), r.affinity()) {
		n, err := r.countAt(ctx, &m.Targets[i])
		if err == nil {
			return n, nil
		}
		var up *provider.Error
		if !errors.As(err, &up) || up.Class == provider.Rejected {
			return 0, err
		}
	}
	return r.size.counted(), nil
}

// countAt asks one target. The error is of class Unsupported where it can't count.
func (r *run) countAt(ctx context.Context, target *catalog.Target) (int64, error) {
	adapter, err := r.svc.Adapters.Adapter(target.Provider)
	if err != nil {
		return 0, &provider.Error{Class: provider.Unreachable, Err: err}
	}
	adapter = r.guarded(adapter)
	native, own := adapter.(provider.Messenger)
	counter, over := adapter.(provider.TokenCounter)
	if !own && !over {
		return 0, errUnsupported(Messages)
	}
	body, err := r.inputs(ctx, target.FetchInputs)
	if err != nil {
		return 0, err
	}
	call := &provider.Call{
		Body: body, Model: target.Model, Show: r.model.Show, Header: r.req.Header, RequestID: r.req.ID, FirstByte: target.FirstByte, Idle: target.Idle,
	}
	if own {
		if n, err := native.CountMessage(ctx, call); err == nil || !over || provider.ClassOf(err) != provider.Unsupported {
			return n, err
		}
	}
	if _, err := r.translate(call); err != nil {
		return 0, err
	}
	return counter.CountTokens(ctx, call)
}
