package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"skytower/internal/skytells"
)

// builtinCreated is the date that OpenAI's list shows for built-in models, whose
// real one differs from one release to the next.
func builtinCreated() time.Time { return time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC) }

// cardOf makes the model object of contract 5.3. Every field that Swift needs is
// there whatever the operator left out (contract 1.14).
func cardOf(m skytells.ModelSpec) skytells.Model {
	if isRouter(m) {
		m = routerTexts(m)
	}
	card := skytells.Model{
		Name:         cmp.Or(m.Name, m.Slug),
		Description:  m.Description,
		Namespace:    m.Slug,
		Type:         m.Type,
		Privacy:      m.Privacy,
		Vendor:       vendorOf(m.Vendor),
		Billable:     !m.Free,
		Pricing:      pricingCard(m.Pricing),
		Capabilities: slices.Clone(m.Capabilities),
		Metadata:     skytells.ModelMetadata{EdgeCompatible: m.Edge, OpenAICompatible: m.API == Chat || m.API == Embeddings},
		Status:       "operational",
	}
	if m.ImgURL != "" {
		card.ImgURL = &m.ImgURL
	}
	if len(card.Capabilities) == 0 {
		card.Capabilities = defaultCapabilities(m)
	}
	if m.Offline {
		card.Status = "offline"
	}
	return card
}

func defaultCapabilities(m skytells.ModelSpec) []string {
	switch {
	case m.API == Chat:
		return []string{"chat"}
	case m.API == Embeddings:
		return []string{"embeddings"}
	case m.API == Prediction && m.Type != "":
		return []string{m.Type + "-generation"}
	}
	return []string{}
}

func vendorOf(v skytells.Vendor) skytells.Vendor {
	if v.Name == "" {
		v.Name, v.Slug = "Skytower", "skytower"
	}
	v.Slug = cmp.Or(v.Slug, vendorSlug(v.Name), "vendor")
	return v
}

// routerTexts fills in what a router's card says where the operator says nothing.
func routerTexts(m skytells.ModelSpec) skytells.ModelSpec {
	text := "Not a model of its own: chooses one for each request."
	words := []string{"chat", "routing"}
	if m.Slug == Router {
		m.Name = cmp.Or(m.Name, "DeepBrain Router")
	}
	if m.Router == nil {
		text = "Not a model of its own: stands for this server's default model, for chat, responses and embeddings alike."
		words = []string{"routing"}
	}
	m.Description = cmp.Or(m.Description, text)
	if len(m.Capabilities) == 0 {
		m.Capabilities = words
	}
	return m
}

// describeRouters says of routers what holds for a model behind them. They have no price
// of their own: calls cost what the chosen model costs.
func (s *Snapshot) describeRouters() error {
	for _, router := range s.open {
		if !router.Router {
			continue
		}
		router.card.Billable = false
		for m := range s.behind(router) {
			router.Edge = router.Edge || m.Edge
			router.card.Billable = router.card.Billable || m.Price != nil
		}
		router.card.Metadata.EdgeCompatible = router.Edge
		if err := router.encode(); err != nil {
			return err
		}
	}
	return nil
}

// encode makes the documents that GET /models copies.
func (m *Model) encode() error {
	var err error
	if m.cardDoc, err = json.Marshal(m.card); err != nil {
		return fmt.Errorf("encode the card of %s: %w", m.Slug, err)
	}
	m.openDoc, err = json.Marshal(skytells.OpenAIModel{
		ID: m.Slug, Object: "model", Created: m.Created.Unix(), OwnedBy: m.card.Vendor.Slug,
	})
	if err != nil {
		return fmt.Errorf("encode the OpenAI form of %s: %w", m.Slug, err)
	}
	return nil
}
