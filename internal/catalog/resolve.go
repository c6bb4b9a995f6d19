package catalog

import (
	"skytower/internal/fault"
)

// Resolved is what a caller's `model` stands for.
type Resolved struct {
	Model *Model
	Asked string // as the caller wrote it
	// Show stands in the answer's `model`: the caller's spelling where it named
	// the model or an alias, the chosen model's slug after a router.
	Show   string
	Routed bool
	// Router is the router that was named, where the request decides which model stands
	// behind it (its Choice): then Model is nil, and Show the caller's spelling.
	Router *Model
}

// Resolve finds the model that name stands for, among those that the viewer
// sees and that serve api (Chat, Embeddings, Prediction). The whole name is tried first, then
// the name without one leading `vendor/`; each first as written, then without
// regard to case (contract 4). It touches memory only.
//
// Errors: MODEL_NOT_FOUND, also for a model that the viewer can't see;
// MODEL_NOT_SUPPORTED where it serves another api; SERVICE_UNAVAILABLE where it
// is offline.
func (c *Catalog) Resolve(name string, v Viewer, api string) (Resolved, error) {
	s := c.current.Load()
	m := s.find(name, v)
	if m == nil {
		return Resolved{}, notFound(name)
	}
	r := Resolved{Model: m, Asked: name, Show: name}
	if m.Router {
		if m.Slug == Router && api == Prediction {
			return Resolved{}, notRouted(name)
		}
		if m.Choice != nil && (m.API == api || m.Slug != Router) {
			return s.resolveRouter(m, name, v, api)
		}
		if m = s.behindRouter(api); m == nil || !s.reaches(v, m) {
			return Resolved{}, notFound(name)
		}
		r = Resolved{Model: m, Asked: name, Show: m.Slug, Routed: true}
	}
	if m.API != api {
		return Resolved{}, notSupported(name, c.routesOf(m))
	}
	if m.Offline {
		return Resolved{}, offline(name)
	}
	return r, nil
}

// resolveRouter answers with the router itself: which model stands behind it depends on
// the request.
func (s *Snapshot) resolveRouter(router *Model, name string, v Viewer, api string) (Resolved, error) {
	switch {
	case router.API != api:
		return Resolved{}, notSupported(name, routesOf(router.API))
	case !s.reachesAny(v, s.choices(router.Choice)): // the default one is seen for its embeddings too
		return Resolved{}, notFound(name)
	case router.Offline:
		return Resolved{}, offline(name)
	}
	return Resolved{Asked: name, Show: name, Routed: true, Router: router}, nil
}

func offline(name string) *fault.Error {
	return fault.Newf(fault.ServiceUnavailable, "The model '%s' is offline.", quotable(name))
}

// Get finds a model as Resolve does, of any api, offline ones and the router
// included. The error is MODEL_NOT_FOUND.
func (c *Catalog) Get(name string, v Viewer) (*Model, error) {
	if m := c.current.Load().find(name, v); m != nil {
		return m, nil
	}
	return nil, notFound(name)
}

// BySlug finds a model whoever may see it, for work that was let in before.
func (c *Catalog) BySlug(slug string) (*Model, error) {
	if m := c.current.Load().exact[slug]; m != nil && m.Slug == slug {
		return m, nil
	}
	return nil, notFound(slug)
}

// find returns a model that the viewer sees by any of its names, or nil.
func (s *Snapshot) find(name string, v Viewer) *Model {
	m := s.lookup(name)
	if m == nil {
		if rest, ok := unprefixed(name); ok {
			m = s.lookup(rest)
		}
	}
	if m == nil || !s.sees(v, m) {
		return nil
	}
	return m
}

func (s *Snapshot) lookup(name string) *Model {
	if m := s.exact[name]; m != nil {
		return m
	}
	if len(name) > maxSlug {
		return nil // no name is that long: don't fold megabytes
	}
	return s.folded[fold(name)]
}

func (s *Snapshot) behindRouter(api string) *Model {
	switch api {
	case Chat:
		return s.chat
	case Embeddings:
		return s.embedding
	}
	return nil
}

func notFound(name string) *fault.Error {
	e := fault.Newf(fault.ModelNotFound, "The model '%s' was not found.", quotable(name))
	e.Param = "model"
	return e
}

// routesOf says which routes serve a model. It is asked on errors only: a schema may have to
// be read for it.
func (c *Catalog) routesOf(m *Model) string {
	routes := routesOf(m.API)
	if m.API == Prediction && c.media != nil {
		if route := c.media(m); route != "" {
			routes += " or " + route
		}
	}
	return routes
}

func routesOf(api string) string {
	switch api {
	case Embeddings:
		return "POST /v1/embeddings"
	case Prediction:
		return "POST /v1/predictions"
	}
	return "POST /v1/chat/completions or POST /v1/responses"
}

func notSupported(name, routes string) *fault.Error {
	e := fault.Newf(fault.ModelNotSupported, "The model '%s' does not serve this route: use %s.", quotable(name), routes)
	e.Param = "model"
	return e
}

// notRouted refuses the router where a prediction is asked for: inputs differ from
// model to model, so that none can stand in for another.
func notRouted(name string) *fault.Error {
	e := fault.Newf(fault.ModelNotSupported, "The model '%s' stands for chat and embeddings models only: name the model of the prediction.", quotable(name))
	e.Param = "model"
	return e
}
